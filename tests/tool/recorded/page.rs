//! The page of `geventrs timeline --html`, in headless Chromium.

use super::timeline::SCENE;
use super::*;
use std::path::PathBuf;

fn chromium() -> PathBuf {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .flat_map(|dir| names.map(|n| dir.join(n)))
        .find(|p| p.is_file());
    found.expect("no Chromium: tests/setup installs it")
}

/// The document as it is after all scripts have run.
fn rendered(dir: &Path, page: &Path) -> String {
    let mut browser = Command::new(chromium());
    browser.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1300,700",
        "--virtual-time-budget=5000",
        "--dump-dom",
    ]);
    browser.arg(format!("--user-data-dir={}", dir.join("profile").display()));
    browser.arg(format!("file://{}", page.display()));
    String::from_utf8(succeeds(&mut browser).stdout).unwrap()
}

fn page(name: &str) -> (PathBuf, PathBuf) {
    let dir = scratch(name);
    let program = compile(&dir, SCENE, &["-g"]);
    succeeds(&mut preloaded(&dir, &program, &[("GEVENTRS_TIMELINE", "t.json")]));
    let (file, page) = (dir.join("t.json"), dir.join("page.html"));
    let arguments = ["timeline", file.to_str().unwrap(), "--html", page.to_str().unwrap()];
    assert_eq!(stdout(&mut tool(&arguments)), "");
    (dir, page)
}

#[test]
fn it_draws_the_lanes_and_lists_the_longest_waits() {
    let (dir, page) = page("page-draws");
    let dom = rendered(&dir, &page);
    assert!(dom.contains("data-drawn=\"yes\""), "{dom:.2000}");
    let rows = &dom[dom.find("<tbody id=\"rows\">").unwrap()..];
    let first = &rows[..rows.find("</tr>").unwrap()];
    assert!(first.contains("end of thread"), "main waits longest: {first}");
    assert!(rows.contains("pthread_cond_wait: consumer at program.c:"), "{rows:.3000}");
}

/// What a user does, done by a script that is put into a copy of the page, which leaves
/// what it saw in the document.
#[test]
fn search_zoom_and_a_click_on_a_wait_work() {
    let (dir, page) = page("page-use");
    let script = r#"<script>
        const say = (key, value) => { document.body.dataset[key] = value; };
        const span = () => view.to - view.from;
        const whole = span();
        const rect = canvas.getBoundingClientRect();
        say("lanes", shown().filter(l => l.track !== undefined).length);
        canvas.dispatchEvent(new WheelEvent("wheel", { deltaY: -100, clientX: rect.left + 600, clientY: 200, cancelable: true }));
        say("zoomed", span() < whole * 0.9);
        $("all").click();
        say("whole", span() === whole);
        $("search").value = "consumer";
        $("search").dispatchEvent(new Event("input"));
        say("found", $("found").textContent);
        say("fewer", shown().filter(l => l.track !== undefined).length);
        $("rows").firstElementChild.click();
        say("detail", $("detail").textContent.replaceAll("\n", "|"));
        say("near", span() < whole);
        $("search").value = "";
        $("search").dispatchEvent(new Event("input"));
        say("again", shown().filter(l => l.track !== undefined).length);
        // The pixels: a lane that waits for the condition has its colour.
        $("all").click();
        const pixels = g.getImageData(0, 0, canvas.width, canvas.height).data;
        const colours = new Set();
        for (let i = 0; i < pixels.length; i += 4) colours.add(pixels[i] + "," + pixels[i + 1] + "," + pixels[i + 2]);
        say("condition", colours.has("199,111,160"));
        say("arrows", data.arrows.length);
    </script></body>"#;
    let text = std::fs::read_to_string(&page).unwrap().replacen("</body>", script, 1);
    let driven = dir.join("driven.html");
    std::fs::write(&driven, text).unwrap();
    let dom = rendered(&dir, &driven);
    let body = &dom[dom.find("<body").unwrap()..];
    let body = &body[..body.find('>').unwrap()];
    let said = |key: &str| {
        let start = format!("data-{key}=\"");
        let at = body.find(&start).unwrap_or_else(|| panic!("no {key} in {body}")) + start.len();
        body[at..].split('"').next().unwrap().to_owned()
    };
    let number = |key: &str| said(key).parse::<usize>().unwrap();
    assert!(number("lanes") >= 6, "{body}");
    assert_eq!((said("zoomed"), said("whole")), ("true".into(), "true".into()), "{body}");
    assert!(said("found").contains(" spans on "), "{body}");
    assert!((1..number("lanes")).contains(&number("fewer")), "{body}");
    let detail = said("detail");
    assert!(detail.contains("condition variable") || detail.contains("consumer"), "{detail}");
    assert!(detail.contains("program.c:"), "{detail}");
    assert_eq!(said("near"), "true", "{body}");
    assert_eq!(number("again"), number("lanes"), "{body}");
    assert_eq!(said("condition"), "true", "{body}");
    assert!(number("arrows") > 5, "{body}");
}

#[test]
fn a_page_that_cannot_be_written_is_told_in_one_line() {
    let (_, page) = page("page-unwritable");
    let file = page.with_file_name("t.json");
    let arguments = ["timeline", file.to_str().unwrap(), "--html", "/nowhere/page.html"];
    fails(&mut tool(&arguments), 125, "/nowhere/page.html: No such file");
}
