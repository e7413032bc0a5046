use super::*;
#[test]
fn nothing() {
    assert_eq!(refuse("hello"), Ok(()));
}
