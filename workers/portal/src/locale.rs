//! Who reads a page: in which language, and how that choice goes along.
//!
//! `lang=` in the query is a choice of the reader's, and every link and form of the page then carries it on; without
//! one, `Accept-Language` decides. Never fails: whatever is asked for, some language is spoken.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::header::ACCEPT_LANGUAGE;
use http::request::Parts;
use http::{HeaderMap, Method, Uri};
use url::form_urlencoded::{self, Serializer};
use workflow::texts::Language;

/// The parameter of a chosen language.
const LANG: &str = "lang";

/// The reader of the answer.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    pub(crate) language: Language,
    is_chosen: bool,
    /// Whether the address can be opened again as a page: that of a form that was sent may not.
    pub(crate) has_page: bool,
    /// The rest of the query of a page that was read: of a form that was sent, nothing is kept.
    query: Vec<(String, String)>,
}

impl Reader {
    pub(crate) fn of(method: &Method, uri: &Uri, headers: &HeaderMap) -> Self {
        let (langs, query): (Vec<_>, Vec<_>) =
            form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
                .into_owned()
                .partition(|(name, _)| name == LANG);
        let chosen = langs.iter().find_map(|(_, tag)| Language::from_tag(tag));
        let accept = || {
            let values = headers.get_all(ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
            Language::negotiate(&values.collect::<Vec<_>>().join(","))
        };
        Self {
            language: chosen.unwrap_or_else(accept),
            is_chosen: chosen.is_some(),
            has_page: method.is_safe(),
            query: if method.is_safe() { query } else { Vec::new() },
        }
    }

    /// The same reader of a page that has no query worth keeping: one that opens nothing looks the same for all.
    pub(crate) fn without_query(&self) -> Self {
        Self { query: Vec::new(), ..self.clone() }
    }

    /// The query that carries the choice on, where there is one: `?lang=ja`.
    pub(crate) fn only_lang(&self) -> String {
        if self.is_chosen { format!("?{LANG}={}", self.language) } else { String::new() }
    }

    /// The same, to follow other parameters: `&lang=ja`.
    pub(crate) fn also_lang(&self) -> String {
        if self.is_chosen { format!("&{LANG}={}", self.language) } else { String::new() }
    }

    /// The query of this page in another language.
    pub(crate) fn query_in(&self, language: Language) -> String {
        let pairs = self.query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let query =
            Serializer::new(String::new()).extend_pairs(pairs.chain([(LANG, language.code())])).finish();
        format!("?{query}")
    }
}

impl<S: Sync> FromRequestParts<S> for Reader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Reader::of(&parts.method, &parts.uri, &parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reader(method: Method, uri: &str, accept_language: &str) -> Reader {
        let headers = HeaderMap::from_iter([(ACCEPT_LANGUAGE, accept_language.parse().unwrap())]);
        Reader::of(&method, &uri.parse().unwrap(), &headers)
    }

    #[test]
    fn a_choice_goes_before_what_the_browser_says_and_is_carried_on() {
        let chosen = reader(Method::GET, "/?lang=ja", "en");
        assert_eq!(chosen.language, Language::Japanese);
        assert_eq!((chosen.only_lang().as_str(), chosen.also_lang().as_str()), ("?lang=ja", "&lang=ja"));
        for uri in ["/", "/?lang=", "/?lang=tlh", "/?language=en"] {
            let told = reader(Method::GET, uri, "ja,en;q=0.5");
            assert_eq!(told.language, Language::Japanese, "{uri}");
            assert_eq!((told.only_lang(), told.also_lang()), (String::new(), String::new()));
        }
    }

    #[test]
    fn the_other_language_is_the_same_page_with_the_rest_of_its_query() {
        let page = reader(Method::GET, "/requests/1?key=a%26b&lang=ja&x=1", "en");
        assert_eq!(page.query_in(Language::English), "?key=a%26b&x=1&lang=en");
        let sent = reader(Method::POST, "/requests?lang=ja&x=1", "en");
        assert_eq!(sent.query_in(Language::English), "?lang=en");
    }

    proptest! {
        #[test]
        fn any_query_and_any_header_have_a_reader(query in "[!-~]{0,60}", accept in any::<Vec<u8>>()) {
            let Ok(uri) = format!("/?{query}").parse::<Uri>() else { return Ok(()) };
            let mut headers = HeaderMap::new();
            if let Ok(value) = http::HeaderValue::from_bytes(&accept) {
                headers.insert(ACCEPT_LANGUAGE, value);
            }
            let reader = Reader::of(&Method::GET, &uri, &headers);
            prop_assert!(reader.query_in(Language::Japanese).ends_with("lang=ja"));
        }
    }
}
