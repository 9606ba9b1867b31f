//! `GEVENTRS_MAX_BLOCKING_TIME`.

use super::*;

fn stderr_with(name: &str, settings: &[(&str, &str)]) -> String {
    let dir = scratch(name);
    let program = compile(&dir, HOG, &["-rdynamic"]);
    let output = succeeds(&mut preloaded(&dir, &program, settings));
    assert_eq!(output.stdout, b"done\n");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_greenlet_that_computes_for_long_is_reported_with_its_stack() {
    let text = stderr_with("watchdog", &[("GEVENTRS_MAX_BLOCKING_TIME", "0.05")]);
    let first = text.lines().next().unwrap_or_default();
    assert!(first.contains("\"cruncher\" has run for ") && first.contains(" ms"), "{text}");
    assert!(text.contains("crunch+0x"), "{text}");
    assert!(!text.contains("libgeventrs"), "the library's own frames are not shown: {text}");
}

#[test]
fn where_the_hub_is_left_to_it_as_well() {
    let settings = [("GEVENTRS_MAX_BLOCKING_TIME", "100ms"), ("GEVENTRS_HANDOFF", "off")];
    let text = stderr_with("watchdog-off", &settings);
    assert!(text.contains("\"cruncher\" has kept the hub for "), "{text}");
    assert!(text.contains("crunch+0x"), "{text}");
}

#[test]
fn nobody_is_reported_unasked_or_below_the_time() {
    assert_eq!(stderr_with("watchdog-quiet", &[]), "");
    assert_eq!(stderr_with("watchdog-long", &[("GEVENTRS_MAX_BLOCKING_TIME", "100")]), "");
}

#[test]
fn a_time_that_is_none_is_named() {
    let text = stderr_with("watchdog-bad", &[("GEVENTRS_MAX_BLOCKING_TIME", "soon")]);
    assert!(
        text.starts_with("geventrs: GEVENTRS_MAX_BLOCKING_TIME: \"soon\" is no time"),
        "{text}"
    );
    assert_eq!(text.lines().count(), 1, "{text}");
}
