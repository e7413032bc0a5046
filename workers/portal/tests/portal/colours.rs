//! The colours of the style sheet: borders of controls stand out as WCAG 2.2 section 1.4.11 asks, in light and in dark.

const STYLE: &str = include_str!("../../assets/countersign.css");

/// The value of a custom property in a part of the style sheet.
fn colour(part: &str, name: &str) -> [f64; 3] {
    let (_, value) = part.split_once(&format!("--{name}: #")).unwrap_or_else(|| panic!("no --{name}"));
    let octet = |at: usize| f64::from(u8::from_str_radix(&value[at..at + 2], 16).unwrap());
    [octet(0), octet(2), octet(4)]
}

/// WCAG 2.2, "relative luminance".
fn luminance(colour: [f64; 3]) -> f64 {
    let linear = |octet: f64| {
        let share = octet / 255.0;
        if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    };
    let [red, green, blue] = colour.map(linear);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn the_borders_of_fields_and_choices_stand_out() {
    let (light, dark) = STYLE.split_once("@media (prefers-color-scheme: dark)").unwrap();
    for (scheme, part) in [("light", light), ("dark", dark)] {
        for ground in ["paper", "card"] {
            let contrast = contrast(colour(part, "field"), colour(part, ground));
            assert!(contrast >= 3.0, "{scheme}: {contrast:.2}:1 on {ground}");
        }
    }
    for rule in [".choice {", "textarea {", ".secondary {"] {
        let (_, rule) = STYLE.split_once(rule).unwrap();
        let (rule, _) = rule.split_once('}').unwrap();
        assert!(rule.contains("var(--field)"), "{rule}");
    }
}

#[test]
fn contrast_is_that_of_the_standard() {
    let [black, white] = [[0.0; 3], [255.0; 3]];
    assert!((contrast(black, white) - 21.0).abs() < 1e-9);
    assert!((contrast([139.0, 146.0, 144.0], [246.0, 245.0, 242.0]) - 2.91).abs() < 0.01);
}
