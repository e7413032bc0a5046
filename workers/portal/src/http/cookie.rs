//! Cookies of one name for one stack.
//!
//! RFC 6265bis section 4.1.3.2: no other host, and no page without TLS, can set a cookie whose name begins with `__Host-`. A local
//! stack has no TLS.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use workflow::approval::BaseUrl;

/// A cookie of this stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnCookie {
    /// The name, without its prefix.
    pub(crate) name: &'static str,
    /// `Strict`, or `Lax` where the browser comes back from another site by a link.
    pub(crate) same_site: &'static str,
    /// Seconds that the browser keeps it; `None` until it is closed.
    pub(crate) max_age: Option<u32>,
}

impl OwnCookie {
    fn full_name(self, base_url: &BaseUrl) -> String {
        if is_secure(base_url) { format!("__Host-{}", self.name) } else { self.name.to_owned() }
    }

    /// The value in the headers of a request.
    pub(crate) fn value(self, base_url: &BaseUrl, headers: &HeaderMap) -> Option<String> {
        let name = self.full_name(base_url);
        let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = all.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(one, _)| *one == name).map(|(_, value)| value.to_owned())
    }

    /// The header that sets it; `None` if the value has characters that no cookie has.
    pub(crate) fn header(self, base_url: &BaseUrl, value: &str) -> Option<HeaderValue> {
        self.header_for(base_url, value, self.max_age)
    }

    /// The header that removes it.
    pub(crate) fn removal(self, base_url: &BaseUrl) -> Option<HeaderValue> {
        self.header_for(base_url, "", Some(0))
    }

    fn header_for(self, base_url: &BaseUrl, value: &str, max_age: Option<u32>) -> Option<HeaderValue> {
        let secure = if is_secure(base_url) { "; Secure" } else { "" };
        let max_age = max_age.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        let (name, same_site) = (self.full_name(base_url), self.same_site);
        let text = format!("{name}={value}; Path=/{max_age}; HttpOnly; SameSite={same_site}{secure}");
        HeaderValue::from_str(&text).ok()
    }
}

fn is_secure(base_url: &BaseUrl) -> bool {
    base_url.as_str().starts_with("https://")
}
