//! Requests whose handling depends on the way to the portal: paths, methods, headers, bodies, forms, redirects.
//!
//! Invariant: these modules run twice in CI, the second time through nginx: `COUNTERSIGN_THROUGH_NGINX=1 cargo test
//! --workspace --test end_to_end -- front::`. A test whose requests differ in JSON content only does not belong here.

mod approved;
mod approvers;
mod browser;
mod decisions;
mod fields;
mod form;
mod links;
mod private_key;
mod refreshed;
mod renewed;
mod scanner;
mod settled;
mod throttle;
mod withdrawn;
