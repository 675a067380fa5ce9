use super::*;

#[test]
fn only_ultra_plus_is_apart() {
    for (family, device, row) in [
        (Family::Ice40, None, Family::Ice40),
        (Family::Ice40, Some("hx8k"), Family::Ice40),
        (Family::Ice40, Some("ice40lp1k"), Family::Ice40),
        (Family::Ice40, Some("up5k"), Family::Ice40Up),
        (Family::Ice40, Some("ice40up3k"), Family::Ice40Up),
        (Family::Ecp5, Some("25k"), Family::Ecp5),
        (Family::Xcup, Some("xcup"), Family::Xcup),
    ] {
        assert_eq!(family.with_device(device), row);
        assert_eq!(row.sources(), family);
    }
    let [hx, up] = [Family::Ice40, Family::Ice40Up].map(Family::facts);
    assert!(hx.multiplier.is_none() && up.multiplier.is_some());
    assert_eq!([hx.word, up.word], ["ice40"; 2]);
}

#[test]
fn words_are_read_back() {
    let words: Vec<_> = Family::words(false).collect();
    assert_eq!(words, ["xc7", "xcup", "ecp5", "ice40", "generic"]);
    let counted: Vec<_> = Family::words(true).collect();
    assert_eq!(counted, words[..4]);
    for word in words {
        let family: Family = serde_json::from_value(word.into()).unwrap();
        assert_eq!(serde_json::to_value(family).unwrap(), word);
    }
    let error = serde_json::from_str::<Family>("\"ice40 up\"").unwrap_err();
    assert!(error.to_string().contains("expected xc7, xcup"), "{error}");
}
