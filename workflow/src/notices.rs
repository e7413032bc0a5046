//! Notices: what chat channels, webhooks and EventBridge are told of a request, as values.
//!
//! Invariant: a notice never has a key, a token, a CSR, a comment or a link that decides: a channel has many readers. Texts
//! of a requester stand only where a chat takes them literally. Writing one cannot fail.

mod address;
mod chat;
mod event;
mod secret;
mod trail;

pub use address::{AddressError, ReceiverAddress};
pub use chat::ChatMessage;
pub use event::{SOURCE, StatusNotice};
pub use secret::{MAX_SECRETS, ReceiverParameter, SigningSecret};
pub use trail::{TrailEvent, status_event, trail_events};

/// The path of a receiver's parameter below that of the stack.
pub const PARAMETERS: &str = "webhooks";
