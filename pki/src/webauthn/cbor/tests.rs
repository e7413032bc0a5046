//! Maps that are read, and each form that is refused.

use proptest::prelude::*;

use super::*;
use crate::testing::{cbor_array, cbor_bytes, cbor_integer, cbor_map, cbor_text};

fn one_entry(value: Vec<u8>) -> Vec<u8> {
    cbor_map(&[(cbor_integer(1), value)])
}

fn nested(depth: usize) -> Vec<u8> {
    (1..depth).fold(one_entry(cbor_integer(0)), |inner, _| one_entry(inner))
}

#[test]
fn values_are_found_by_their_keys() {
    let octets = cbor_map(&[
        (cbor_integer(1), cbor_integer(-257)),
        (cbor_integer(-3), cbor_bytes(b"octets")),
        (cbor_text("fmt"), cbor_text("none")),
        (cbor_text("x5c"), cbor_array(&[cbor_bytes(b"1"), cbor_bytes(b"2")])),
    ]);
    let (map, rest) = map(&octets).unwrap();
    assert_eq!(rest, b"");
    assert_eq!(map.len(), 4);
    assert_eq!(map.get(CborKey::Integer(1)), Some(&CborItem::Integer(-257)));
    assert_eq!(map.get(CborKey::Integer(-3)), Some(&CborItem::Bytes(b"octets")));
    assert_eq!(map.get(CborKey::Text("fmt")), Some(&CborItem::Text("none")));
    assert_eq!(map.get(CborKey::Text("x5c")), Some(&CborItem::Other));
    assert_eq!(map.get(CborKey::Integer(2)), None);
}

#[test]
fn the_octets_after_the_map_are_returned() {
    let octets = [one_entry(cbor_integer(0)), b"rest".to_vec()].concat();
    assert_eq!(map(&octets).unwrap().1, b"rest");
}

#[test]
fn every_form_of_value_is_read_or_refused() {
    let is_read = |value: &[u8]| map(&one_entry(value.to_vec())).is_ok_and(|(_, rest)| rest.is_empty());
    for value in [
        &[0x17][..],
        &[0x18, 1],
        &[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0x3b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0xf4],
        &[0xf5],
        &[0xf6],
        &[0xf7],
        &[0xf9, 0, 0],
        &[0xfa, 0, 0, 0, 0],
        &[0xfb, 0, 0, 0, 0, 0, 0, 0, 0],
        &[0x80],
        &[0xa0],
    ] {
        assert!(is_read(value), "{value:02x?}");
    }
    for (what, value) in [
        ("reserved", &[0x1c][..]),
        ("bytes of indefinite length", &[0x5f, 0x41, 1, 0xff]),
        ("text of indefinite length", &[0x7f, 0x61, b'a', 0xff]),
        ("an array of indefinite length", &[0x9f, 0xff]),
        ("a map of indefinite length", &[0xbf, 0xff]),
        ("a tag", &[0xc2, 0x41, 1]),
        ("a simple value", &[0xe0]),
        ("a simple value of two octets", &[0xf8, 0xff]),
        ("a break", &[0xff]),
        ("text that is not UTF-8", &[0x61, 0xff]),
        ("bytes beyond the end", &[0x42, 1]),
        ("bytes of 2^64 - 1 octets", &[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        ("an array of 2^64 - 1 items", &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        ("a map of 2^32 - 1 entries", &[0xba, 0xff, 0xff, 0xff, 0xff]),
        ("nothing", &[]),
    ] {
        assert!(!is_read(value), "{what}");
    }
}

#[test]
fn only_maps_with_integers_and_text_as_keys_are_read() {
    for (what, octets) in [
        ("nothing", Vec::new()),
        ("an integer", cbor_integer(1)),
        ("an array", cbor_array(&[])),
        ("a map of indefinite length", vec![0xbf, 0xff]),
        ("a key of bytes", cbor_map(&[(cbor_bytes(b"1"), cbor_integer(1))])),
        ("a key that is an array", cbor_map(&[(cbor_array(&[]), cbor_integer(1))])),
        ("a key that is a map", cbor_map(&[(cbor_map(&[]), cbor_integer(1))])),
        ("a key that is a boolean", cbor_map(&[(vec![0xf5], cbor_integer(1))])),
    ] {
        assert_eq!(map(&octets).err(), Some(NotCbor), "{what}");
    }
}

#[test]
fn a_key_twice_is_refused_in_every_map_and_every_encoding() {
    let twice = |first: Vec<u8>, second: Vec<u8>| {
        cbor_map(&[(first, cbor_integer(0)), (cbor_integer(7), cbor_integer(0)), (second, cbor_integer(1))])
    };
    for octets in [
        twice(cbor_integer(1), cbor_integer(1)),
        twice(cbor_integer(1), vec![0x18, 1]),
        twice(vec![0x20], vec![0x39, 0, 0]),
        twice(cbor_text("a"), cbor_text("a")),
        twice(cbor_text("a"), vec![0x78, 1, b'a']),
    ] {
        assert!(map(&octets).is_err(), "{octets:02x?}");
        assert!(map(&one_entry(octets.clone())).is_err(), "inside a map: {octets:02x?}");
        assert!(map(&one_entry(cbor_array(&[octets]))).is_err(), "inside an array");
    }
    assert!(map(&twice(cbor_integer(1), cbor_integer(-1))).is_ok());
    assert!(map(&twice(cbor_integer(1), cbor_text("1"))).is_ok());
}

#[test]
fn depth_and_number_of_items_are_bounded() {
    assert!(map(&nested(MAX_DEPTH)).is_ok());
    assert!(map(&nested(MAX_DEPTH + 1)).is_err());
    let arrays = |depth: usize| (1..depth).fold(cbor_array(&[]), |inner, _| cbor_array(&[inner]));
    assert!(map(&one_entry(arrays(MAX_DEPTH - 1))).is_ok());
    assert!(map(&one_entry(arrays(MAX_DEPTH))).is_err());
    assert!(map(&one_entry(arrays(60_000))).is_err());
    // The key and the array are two items.
    let many = |items: usize| one_entry(cbor_array(&vec![cbor_integer(0); items]));
    assert!(map(&many(MAX_ITEMS - 2)).is_ok());
    assert!(map(&many(MAX_ITEMS - 1)).is_err());
}

/// A value that is read, nested up to three levels.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(cbor_integer),
        prop::collection::vec(any::<u8>(), 0..300).prop_map(|octets| cbor_bytes(&octets)),
        ".{0,30}".prop_map(|text| cbor_text(&text)),
        Just(vec![0xf5]),
    ];
    leaf.prop_recursive(3, 40, 6, |inner| {
        let entry = (any::<i64>(), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..6).prop_map(|items| cbor_array(&items)),
            prop::collection::btree_map(any::<i64>(), entry, 0..6).prop_map(|map| {
                let entries = map.into_iter().map(|(key, (_, value))| (cbor_integer(key), value));
                cbor_map(&entries.collect::<Vec<_>>())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn maps_are_read_to_their_last_octet(values in prop::collection::vec(value(), 0..6)) {
        let entries: Vec<_> = (0..).zip(values).map(|(key, value)| (cbor_integer(key), value)).collect();
        let octets = cbor_map(&entries);
        let (read, rest) = map(&octets).unwrap();
        prop_assert_eq!((read.len(), rest), (entries.len(), &[][..]));
        let followed = [&octets[..], b"\xa0rest"].concat();
        prop_assert_eq!(map(&followed).unwrap().1, b"\xa0rest");
        for end in 0..octets.len() {
            prop_assert_eq!(map(&octets[..end]), Err(NotCbor));
        }
    }

    #[test]
    fn any_octets_end_in_a_map_or_an_error(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok((_, rest)) = map(&octets) {
            prop_assert!(octets.ends_with(rest));
        }
    }
}
