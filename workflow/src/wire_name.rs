//! Enums with a name on the wire for each variant: in tables, in JSON, in the state machine, on the command line.
//!
//! Invariant: [`wire_names!`](crate::wire_names) is the only place with the spelling; text and serde both use it.

use std::fmt;

use serde::{Deserialize as _, Deserializer};

#[doc(hidden)]
pub use serde;

/// An enum with one name per variant.
pub trait WireName: Copy + Eq + fmt::Debug + Send + Sync + 'static {
    /// Every value, in the order of declaration.
    const ALL: &'static [Self];
    /// The noun for a variant in errors, such as `status`.
    const NOUN: &'static str;

    /// The name.
    fn wire_name(self) -> &'static str;

    /// The value with this name.
    ///
    /// # Errors
    /// [`UnknownName`].
    fn from_wire_name(name: &str) -> Result<Self, UnknownName> {
        Self::ALL.iter().copied().find(|value| value.wire_name() == name).ok_or_else(|| UnknownName {
            noun: Self::NOUN,
            names: Self::ALL.iter().map(|value| value.wire_name()).collect::<Vec<_>>().join(", "),
        })
    }
}

/// A text that is not the name of any variant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a {noun}; one of {names}")]
pub struct UnknownName {
    noun: &'static str,
    names: String,
}

/// Reads a name with serde; for [`wire_names!`](crate::wire_names).
#[doc(hidden)]
pub fn deserialize<'de, T: WireName, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let name = String::deserialize(deserializer)?;
    T::from_wire_name(&name).map_err(serde::de::Error::custom)
}

/// Gives an enum `ALL`, `as_str`, [`WireName`], `Display`, `FromStr`, `Serialize` and `Deserialize`:
/// `wire_names!(Decision: "decision" { Approve => "approve", Reject => "reject" });`
#[macro_export]
macro_rules! wire_names {
    ($type:ident: $noun:literal { $($variant:ident => $name:literal),+ $(,)? }) => {
        #[allow(unreachable_pub)] // The type may be private.
        impl $type {
            /// Every value, in the order of declaration.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// The name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }

        impl $crate::wire_name::WireName for $type {
            const ALL: &'static [Self] = &Self::ALL;
            const NOUN: &'static str = $noun;

            fn wire_name(self) -> &'static str {
                self.as_str()
            }
        }

        impl ::std::fmt::Display for $type {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::std::str::FromStr for $type {
            type Err = $crate::wire_name::UnknownName;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                $crate::wire_name::WireName::from_wire_name(name)
            }
        }

        impl $crate::wire_name::serde::Serialize for $type {
            fn serialize<S: $crate::wire_name::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> $crate::wire_name::serde::Deserialize<'de> for $type {
            fn deserialize<D: $crate::wire_name::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::wire_name::deserialize(deserializer)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Light {
        Red,
        LateGreen,
    }

    wire_names!(Light: "light" { Red => "red", LateGreen => "late_green" });

    #[test]
    fn text_and_serde_use_the_same_name() {
        for light in Light::ALL {
            assert_eq!(light.to_string().parse(), Ok(light));
            let json = serde_json::to_value(light).unwrap();
            assert_eq!(json, light.as_str());
            assert_eq!(serde_json::from_value::<Light>(json).unwrap(), light);
        }
    }

    #[test]
    fn an_unknown_name_is_an_error_that_lists_the_names() {
        let error = "blue".parse::<Light>().unwrap_err();
        assert_eq!(error.to_string(), "not a light; one of red, late_green");
        assert!(serde_json::from_str::<Light>("\"blue\"").is_err());
    }
}
