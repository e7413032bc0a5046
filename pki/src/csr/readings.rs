//! The readings of a text: as it stands, and with each of the forms undone that it shows, around each other in any order.
//!
//! Invariant: a request is taken only if all readings that hold one hold the same. Each reading is searched for a private
//! key as the first text was. The readings and their bytes are bounded, so the work is linear in the length of the text.

use zeroize::Zeroizing;

use super::Csr;
use super::input;
use super::known_text;
use super::text_form;
use crate::error::{OtherText, TextError, TextForm};
use crate::strict_der;

/// The most forms around each other, such as a PEM text in base64 in a string of JSON.
const MAX_FORMS: usize = 6;

/// The most readings of one text.
const MAX_READINGS: usize = 48;

/// The bytes of all readings, at most, per byte of text.
const MAX_RATIO: usize = 8;

/// The bytes of readings that a short text may need in addition.
const MAX_EXTRA_BYTES: usize = 128 * 1024;

/// Returns the DER of the one request in `text`, as it is or after undoing the forms that it shows.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, TextError> {
    let as_it_is = input::decode(text);
    if !may_be_another(&as_it_is) {
        return as_it_is;
    }
    let mut readings = Readings {
        seen: Vec::new(),
        budget: text.len() * MAX_RATIO + MAX_EXTRA_BYTES,
        requests: Vec::new(),
        known: known_text::of(text),
        has_begin: text.contains("BEGIN"),
        error: as_it_is.as_ref().err().cloned(),
        form: None,
        place: None,
    };
    readings.look_into(text, 0)?;
    match readings.requests.as_mut_slice() {
        [] => {}
        [request] => return Ok(std::mem::take(request)),
        several => return Err(TextError::SeveralRequests(several.len())),
    }
    // A character that stands on one of several lines is no decoration.
    let is_damage = matches!(as_it_is, Err(TextError::NotBase64(Some((_, character))))
        if text.lines().count() > 2 && text.lines().filter(|line| line.contains(character)).count() == 1);
    match (as_it_is, readings.form, readings.place) {
        (Err(error), ..) if is_damage => Err(error),
        (Err(_), Some(form), Some(place)) if is_around_lines(form) => Err(place),
        (Err(error), form, _) => Err(match (error, readings.known, form) {
            (TextError::NoRequest, Some(known), _) => TextError::Other(known),
            (_, _, Some(form)) if readings.has_begin => TextError::Rewritten(form),
            (error, ..) => error,
        }),
        (as_it_is, ..) => as_it_is,
    }
}

/// True for a form that leaves the lines of a request as they are: the damage inside says more. Marks like those of a
/// quotation stand in many texts.
fn is_around_lines(form: TextForm) -> bool {
    matches!(form, TextForm::Quotes | TextForm::LostPlus | TextForm::OtherBegin | TextForm::OtherCharacters)
}

/// True if another form of the text may be the request.
fn may_be_another(read: &Result<Vec<u8>, TextError>) -> bool {
    match read {
        Ok(der) => strict_der::check(der).is_err(),
        Err(error) => is_unspecific(error),
    }
}

/// True for an error that another form of the text may explain.
fn is_unspecific(error: &TextError) -> bool {
    matches!(
        error,
        TextError::NoRequest
            | TextError::DamagedBegin
            | TextError::CutOff
            | TextError::NotBase64(_)
            | TextError::LineLength { .. }
            | TextError::OtherPem(_)
    )
}

/// The readings of a text so far.
struct Readings {
    seen: Vec<Zeroizing<String>>,
    budget: usize,
    /// The different requests that readings are.
    requests: Vec<Vec<u8>>,
    /// The kind of text that stands in place of a request.
    known: Option<OtherText>,
    /// True if a reading speaks of BEGIN, as a request does.
    has_begin: bool,
    /// The error of the text as it stands.
    error: Option<TextError>,
    /// The first form of the text itself that explains its error.
    form: Option<TextForm>,
    /// The damaged place that a form around the lines hid.
    place: Option<TextError>,
}

impl Readings {
    /// Undoes each form that `text` shows, reads the result, and looks into the result likewise.
    fn look_into(&mut self, text: &str, depth: usize) -> Result<(), TextError> {
        for (form, undone) in text_form::undone(text) {
            if !self.is_new(&undone) {
                continue;
            }
            let read = input::decode(&undone);
            if depth == 0 {
                self.note(form, read.as_ref().err());
            }
            match read {
                Err(error @ (TextError::PrivateKey(_) | TextError::TooDeep)) => return Err(error),
                Err(error) if !is_unspecific(&error) => {
                    // Once a request is found, the error of another reading is about other text.
                    if self.requests.is_empty() {
                        return Err(error);
                    }
                }
                Ok(der) if strict_der::check(&der).is_ok() => {
                    if !self.requests.contains(&der) {
                        self.requests.push(der);
                    }
                }
                _ => {
                    self.has_begin |= undone.contains("BEGIN");
                    self.known = self.known.or_else(|| known_text::of(&undone));
                    self.seen.push(undone.clone());
                    // Once a request is found, only readings of the same depth are still looked at.
                    if depth + 1 < MAX_FORMS && self.requests.is_empty() {
                        self.look_into(&undone, depth + 1)?;
                    }
                    continue;
                }
            }
            self.seen.push(undone);
        }
        Ok(())
    }

    /// Notes a form of the text itself, with the error of its reading.
    fn note(&mut self, form: TextForm, error: Option<&TextError>) {
        if is_around_lines(form) {
            if let Some(place @ (TextError::NotBase64(Some(_)) | TextError::LineLength { .. })) = error {
                self.place.get_or_insert_with(|| place.clone());
            }
            if error == self.error.as_ref() {
                return;
            }
        }
        self.form.get_or_insert(form);
    }

    /// True if the reading is another than those so far, and within the bounds.
    fn is_new(&mut self, reading: &Zeroizing<String>) -> bool {
        if reading.len() > Csr::MAX_BYTES
            || input::is_empty(reading)
            || self.seen.len() >= MAX_READINGS
            || self.seen.contains(reading)
        {
            return false;
        }
        let Some(left) = self.budget.checked_sub(reading.len()) else { return false };
        self.budget = left;
        #[cfg(test)]
        input::LOOKED_AT.with(|all| all.set(all.get() + reading.len()));
        true
    }
}

#[cfg(test)]
mod tests;
