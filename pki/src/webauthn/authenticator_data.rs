//! authenticatorData: the signed part of a response (section 6.1).
//!
//! The octets are, in this order:
//!
//! | octets | content |
//! | --- | --- |
//! | 32 | rpIdHash: the SHA-256 of the relying party identifier |
//! | 1 | flags |
//! | 4 | signCount, big-endian |
//! | 16 | aaguid, if the flag AT is set; so are the next three |
//! | 2 | the length of credentialId, big-endian |
//! | 1 to 1023 | credentialId |
//! | as the CBOR says | credentialPublicKey, a COSE_Key |
//! | as the CBOR says | extensions, if the flag ED is set: a map |

use super::limits::RelyingParty;
use super::{WebAuthnError, cbor};
use crate::sha256::sha256;

const MALFORMED: WebAuthnError = WebAuthnError::Malformed("the authenticator data are not well formed");
const MAX_CREDENTIAL_ID_BYTES: usize = 1023;

/// The flags. Bits 1 and 5 are reserved and are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flags(u8);

impl Flags {
    const USER_PRESENT: u8 = 0x01;
    const USER_VERIFIED: u8 = 0x04;
    const BACKUP_ELIGIBLE: u8 = 0x08;
    const BACKED_UP: u8 = 0x10;
    const ATTESTED_CREDENTIAL: u8 = 0x40;
    const EXTENSIONS: u8 = 0x80;

    fn has(self, flag: u8) -> bool {
        self.0 & flag != 0
    }

    /// The flag BS.
    pub(super) fn is_backed_up(self) -> bool {
        self.has(Self::BACKED_UP)
    }
}

/// The fields of authenticatorData.
#[derive(Debug)]
pub(super) struct AuthenticatorData<'a> {
    rp_id_hash: [u8; 32],
    pub(super) flags: Flags,
    pub(super) counter: u32,
    pub(super) credential: Option<AttestedCredential<'a>>,
}

/// attestedCredentialData (section 6.5.1).
#[derive(Debug)]
pub(super) struct AttestedCredential<'a> {
    pub(super) aaguid: [u8; 16],
    pub(super) id: &'a [u8],
    /// The COSE_Key.
    pub(super) key: &'a [u8],
}

impl<'a> AuthenticatorData<'a> {
    /// Reads all octets.
    pub(super) fn read(octets: &'a [u8]) -> Result<Self, WebAuthnError> {
        let (rp_id_hash, rest) = octets.split_first_chunk().ok_or(MALFORMED)?;
        let (&flags, rest) = rest.split_first().ok_or(MALFORMED)?;
        let flags = Flags(flags);
        let (counter, mut rest) = rest.split_first_chunk().ok_or(MALFORMED)?;
        let mut credential = None;
        if flags.has(Flags::ATTESTED_CREDENTIAL) {
            let (read, after) = AttestedCredential::read(rest)?;
            (credential, rest) = (Some(read), after);
        }
        if flags.has(Flags::EXTENSIONS) {
            (_, rest) = cbor::map(rest).map_err(|_| MALFORMED)?;
        }
        if !rest.is_empty() {
            return Err(MALFORMED);
        }
        Ok(Self { rp_id_hash: *rp_id_hash, flags, counter: u32::from_be_bytes(*counter), credential })
    }

    /// Checks the relying party and the flags.
    pub(super) fn check(&self, party: &RelyingParty) -> Result<(), WebAuthnError> {
        if self.rp_id_hash != sha256(party.id.as_bytes()) {
            return Err(WebAuthnError::WrongRelyingParty);
        }
        if !self.flags.has(Flags::USER_PRESENT) {
            return Err(WebAuthnError::NotPresent);
        }
        if !self.flags.has(Flags::USER_VERIFIED) {
            return Err(WebAuthnError::NotVerified);
        }
        // Section 6.1.3: a credential that is not eligible for backup is not backed up.
        if self.flags.is_backed_up() && !self.flags.has(Flags::BACKUP_ELIGIBLE) {
            return Err(WebAuthnError::Malformed("the flags of the backup contradict each other"));
        }
        Ok(())
    }
}

impl<'a> AttestedCredential<'a> {
    /// Reads the fields. Returns the octets after them as well.
    fn read(octets: &'a [u8]) -> Result<(Self, &'a [u8]), WebAuthnError> {
        let (aaguid, rest) = octets.split_first_chunk().ok_or(MALFORMED)?;
        let (length, rest) = rest.split_first_chunk().ok_or(MALFORMED)?;
        let length = usize::from(u16::from_be_bytes(*length));
        if !(1..=MAX_CREDENTIAL_ID_BYTES).contains(&length) {
            return Err(WebAuthnError::Malformed("a credential ID has 1 to 1023 octets"));
        }
        let (id, rest) = rest.split_at_checked(length).ok_or(MALFORMED)?;
        let (_, after) = cbor::map(rest).map_err(|_| MALFORMED)?;
        let key = &rest[..rest.len() - after.len()];
        Ok((Self { aaguid: *aaguid, id, key }, after))
    }
}
