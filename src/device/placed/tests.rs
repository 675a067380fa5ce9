use super::*;

#[test]
fn defaults_are_ecp5_85k_speed_6_and_hx8k() {
    let part = PlacedPart::new(Family::Ecp5, None, None).unwrap();
    assert_eq!(part.to_string(), "85k CABGA756 speed 6");
    let part = PlacedPart::new(Family::Ice40, None, None).unwrap();
    assert_eq!(part.to_string(), "hx8k ct256");
}

#[test]
fn wrong_parts_are_refused_with_the_right_ones() {
    for (family, device, speed, why) in [
        (Family::Ecp5, Some("99k"), None, "85k, 45k, 25k, 12k"),
        (Family::Ecp5, None, Some(5), "6 (slowest), 7 or 8"),
        (Family::Ice40, Some("85k"), None, "hx8k"),
        (Family::Ice40, None, Some(6), "--device"),
        (Family::Xc7, None, None, "no open place and route"),
        (Family::Generic, None, None, "choose xc7"),
    ] {
        let error = PlacedPart::new(family, device, speed).unwrap_err();
        let said = format!("{error}; {}", error.help.as_deref().unwrap_or_default());
        assert!(said.contains(why), "{said}");
    }
}
