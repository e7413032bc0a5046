//! The language of an answer, the links that keep it, and the zone of its times.
//!
//! `lang=` in the query chooses a language, and every link and form of the page repeats it; without it,
//! `Accept-Language` decides. The zone is that of the policy; a script turns times into the reader's own. Invariant: every
//! request has a locale, and an answer for a program has its times in UTC.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::header::ACCEPT_LANGUAGE;
use http::request::Parts;
use http::{HeaderMap, Method, Uri};
use url::form_urlencoded::{self, Serializer};
use workflow::texts::Language;
use workflow::time_zone::TimeZone;

use crate::http::negotiate::ResponseFormat;
use crate::state::Portal;

/// The parameter of a chosen language.
const LANG: &str = "lang";

/// The reader of a page, as far as its path says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PageReader {
    /// Pages of reviews, and of what waits for an approver.
    Approver,
    /// Pages of requests.
    Requester,
    /// Any other page.
    Unknown,
}

impl PageReader {
    /// The path may begin with that of the base URL.
    fn of(path: &str) -> Self {
        let has = |part: &str| path.split('/').any(|one| one == part);
        match () {
            () if has("approvals") || has("people") => Self::Approver,
            () if has("mine") || has("requests") => Self::Requester,
            () => Self::Unknown,
        }
    }
}

/// The language of the answer, the zone of its times, and the query for the links to other languages.
#[derive(Clone, Debug)]
pub(crate) struct Locale {
    pub(crate) language: Language,
    pub(crate) time_zone: TimeZone,
    is_chosen: bool,
    /// True if the URL can be opened again as a page; false for a POST.
    pub(crate) has_page: bool,
    pub(crate) reader: PageReader,
    /// True on a page of an approver's list: links to other requests in it are relative.
    pub(crate) in_list: bool,
    /// The other parameters of the query; empty for a POST.
    query: Vec<(String, String)>,
}

impl Locale {
    /// The locale with times in UTC.
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
            time_zone: TimeZone::UTC,
            is_chosen: chosen.is_some(),
            has_page: method.is_safe(),
            reader: PageReader::of(uri.path()),
            in_list: uri.path().contains("/approvals/mine/"),
            query: if method.is_safe() { query } else { Vec::new() },
        }
    }

    /// The locale with times in this zone.
    pub(crate) fn in_zone(self, time_zone: TimeZone) -> Self {
        Self { time_zone, ..self }
    }

    /// The locale without other parameters: the page of an unknown link looks the same for every link.
    pub(crate) fn without_query(&self) -> Self {
        Self { query: Vec::new(), ..self.clone() }
    }

    /// The locale of another page that this one continues: its language, and no parameters.
    pub(crate) fn continuing(&self, language: Language) -> Self {
        Self { language, ..self.without_query() }
    }

    /// The query that repeats a chosen language: `?lang=ja`.
    pub(crate) fn only_lang(&self) -> String {
        if self.is_chosen { format!("?{LANG}={}", self.language) } else { String::new() }
    }

    /// Like [`Locale::only_lang`], but after other parameters: `&lang=ja`.
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

impl FromRequestParts<Arc<Portal>> for Locale {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, portal: &Arc<Portal>) -> Result<Self, Infallible> {
        let locale = Locale::of(&parts.method, &parts.uri, &parts.headers);
        Ok(match ResponseFormat::of(&parts.headers) {
            ResponseFormat::Page => {
                let wording = portal.policies.wording_in(locale.language).await;
                locale.in_zone(wording.time_zone)
            }
            ResponseFormat::Json => locale,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn locale(method: Method, uri: &str, accept_language: &str) -> Locale {
        let headers = HeaderMap::from_iter([(ACCEPT_LANGUAGE, accept_language.parse().unwrap())]);
        Locale::of(&method, &uri.parse().unwrap(), &headers)
    }

    #[test]
    fn a_choice_goes_before_what_the_browser_says_and_is_carried_on() {
        let chosen = locale(Method::GET, "/?lang=ja", "en");
        assert_eq!(chosen.language, Language::Japanese);
        assert_eq!((chosen.only_lang().as_str(), chosen.also_lang().as_str()), ("?lang=ja", "&lang=ja"));
        for uri in ["/", "/?lang=", "/?lang=tlh", "/?language=en"] {
            let told = locale(Method::GET, uri, "ja,en;q=0.5");
            assert_eq!(told.language, Language::Japanese, "{uri}");
            assert_eq!((told.only_lang(), told.also_lang()), (String::new(), String::new()));
        }
    }

    #[test]
    fn the_path_tells_approvers_from_requesters() {
        for (path, reader) in [
            ("/approvals/key", PageReader::Approver),
            ("/ca/approvals/mine/key/", PageReader::Approver),
            ("/people/vouch", PageReader::Approver),
            ("/requests/1?key=approvals", PageReader::Requester),
            ("/mine/key", PageReader::Requester),
            ("/", PageReader::Unknown),
            ("/approvalsx", PageReader::Unknown),
        ] {
            assert_eq!(locale(Method::GET, path, "en").reader, reader, "{path}");
        }
    }

    #[test]
    fn the_other_language_is_the_same_page_with_the_rest_of_its_query() {
        let page = locale(Method::GET, "/requests/1?key=a%26b&lang=ja&x=1", "en");
        assert_eq!(page.query_in(Language::English), "?key=a%26b&x=1&lang=en");
        let sent = locale(Method::POST, "/requests?lang=ja&x=1", "en");
        assert_eq!(sent.query_in(Language::English), "?lang=en");
    }

    proptest! {
        #[test]
        fn any_query_and_any_header_have_a_locale(query in "[!-~]{0,60}", accept in any::<Vec<u8>>()) {
            let Ok(uri) = format!("/?{query}").parse::<Uri>() else { return Ok(()) };
            let mut headers = HeaderMap::new();
            if let Ok(value) = http::HeaderValue::from_bytes(&accept) {
                headers.insert(ACCEPT_LANGUAGE, value);
            }
            let locale = Locale::of(&Method::GET, &uri, &headers);
            prop_assert!(locale.query_in(Language::Japanese).ends_with("lang=ja"));
        }
    }
}
