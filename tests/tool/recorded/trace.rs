//! `GEVENTRS_TRACE`.

use super::*;
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::time::{Duration, Instant};

fn lines(output: &Output) -> Vec<String> {
    String::from_utf8_lossy(&output.stderr).lines().map(str::to_owned).collect()
}

/// The parts of `PID.gN "name" +12.345678 call <waited 0.0203 s: reason>`.
struct Line<'a> {
    pid: u32,
    name: &'a str,
    time: f64,
    call: &'a str,
    waited: Option<(f64, &'a str)>,
}

fn parse(line: &str) -> Option<Line<'_>> {
    let (who, rest) = line.split_once(" \"")?;
    let (pid, greenlet) = who.split_once(".g")?;
    greenlet.parse::<u32>().ok()?;
    let (name, rest) = rest.split_once("\" +")?;
    let (time, rest) = rest.split_once(' ')?;
    let (call, waited) = match rest.split_once(" <waited ") {
        Some((call, waited)) => {
            let (span, reason) = waited.strip_suffix('>')?.split_once(" s: ")?;
            (call, Some((span.parse().ok()?, reason)))
        }
        None => (rest, None),
    };
    let pid = pid.parse().ok()?;
    Some(Line { pid, name, time: time.parse().ok()?, call, waited })
}

#[test]
fn a_line_says_who_waited_in_which_call_and_for_what() {
    let dir = scratch("trace-line");
    let program = compile(&dir, SILENT_PIPE, &[]);
    let output = succeeds(&mut preloaded(&dir, &program, &[("GEVENTRS_TRACE", "1")]));
    let lines = lines(&output);
    let parsed: Vec<Line> =
        lines.iter().map(|l| parse(l).unwrap_or_else(|| panic!("{l:?}"))).collect();
    let read = parsed.iter().find(|l| l.call.starts_with("read(")).expect("the read");
    assert_eq!(read.name, "listener");
    assert!(read.call.ends_with(", 512) = 5"), "{}", read.call);
    let (waited, reason) = read.waited.unwrap();
    assert!(waited > 0.1, "{waited}");
    assert!(reason.starts_with("fd ") && reason.contains(" readable"), "{reason}");
    let nap = parsed.iter().find(|l| l.call.starts_with("usleep(150000) = 0")).expect("the nap");
    assert_eq!(nap.waited.unwrap().1.split(',').next(), Some("sleep"));
    assert!(parsed.iter().any(|l| l.call.starts_with("pthread_join(")));
    assert!(parsed.iter().all(|l| l.pid == parsed[0].pid && l.waited.is_some()));
    let times: Vec<f64> = parsed.iter().map(|l| l.time).collect();
    assert!(times.is_sorted(), "in the order of their ends: {times:?}");
}

#[test]
fn all_shows_calls_that_did_not_wait_and_filters_leave_out() {
    let dir = scratch("trace-filters");
    let program = compile(&dir, SILENT_PIPE, &[]);
    let calls = |value: &str| {
        let output = succeeds(&mut preloaded(&dir, &program, &[("GEVENTRS_TRACE", value)]));
        lines(&output).iter().map(|l| parse(l).expect(l).call.to_owned()).collect::<Vec<_>>()
    };
    let has = |calls: &[String], name: &str| calls.iter().any(|c| c.starts_with(name));
    let all = calls("all");
    assert!(has(&all, "write(") && has(&all, "pthread_create(") && has(&all, "read("));
    let time = calls("time");
    assert!(has(&time, "usleep(") && !has(&time, "read("), "{time:?}");
    let listener = calls("greenlet=listener");
    assert!(has(&listener, "read(") && !has(&listener, "usleep("), "{listener:?}");
    let long = calls("all,min=100ms");
    assert!(has(&long, "read(") && !has(&long, "pthread_create("), "{long:?}");
}

#[test]
fn a_word_that_means_nothing_is_named() {
    let dir = scratch("trace-word");
    let program = compile(&dir, SILENT_PIPE, &[]);
    let output = succeeds(&mut preloaded(&dir, &program, &[("GEVENTRS_TRACE", "all,sokcet")]));
    let lines = lines(&output);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("geventrs: GEVENTRS_TRACE: \"sokcet\" is none of"), "{lines:?}");
}

#[test]
fn flags_of_run_do_the_same() {
    let dir = scratch("trace-flags");
    let program = compile(&dir, CONVOY, &[]);
    let program = program.to_str().unwrap();
    let mut command =
        run(&["--trace=time,to=trace", "--report=r.json", "--timeline", "t.json", program]);
    assert_eq!(succeeds(command.current_dir(&dir)).stdout, b"done\n");
    assert!(std::fs::read_to_string(dir.join("trace")).unwrap().contains(" usleep(3000) = 0 "));
    assert_eq!(json(&dir.join("r.json"))["state"], "exit");
    assert_eq!(json(&dir.join("t.json"))["state"], "exit");
    let mut command = run(&["--trace", "--report", "--", program]);
    let text = String::from_utf8(succeeds(&mut command).stderr).unwrap();
    assert!(
        text.contains(" usleep(3000) = 0 <waited ") && text.contains("where process"),
        "{text}"
    );
    let refused = |flag: &str, text: &str| {
        let output = output(&mut run(&[flag, program]));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_ne!(output.status.code(), Some(0), "{flag}");
        assert!(said.contains(text), "{said}");
    };
    refused("--trace=sokcet", "\"sokcet\" is none of waited");
    refused("--max-blocking-time=soon", "no time of a millisecond");
}

#[test]
fn a_file_a_process() {
    let dir = scratch("trace-file");
    let program = compile(&dir, CONVOY, &[]);
    succeeds(&mut preloaded(&dir, &program, &[("GEVENTRS_TRACE", "to=t.%p")]));
    let names = files(&dir, "t.");
    assert_eq!(names.len(), 1, "{names:?}");
    let text = std::fs::read_to_string(dir.join(&names[0])).unwrap();
    let (head, lines) = text.split_once('\n').unwrap();
    let head: Value = serde_json::from_str(head.strip_prefix("# ").unwrap()).unwrap();
    assert_eq!(format!("t.{}", head["pid"]), names[0]);
    assert!(head["ended"].as_str().unwrap().parse::<u64>().unwrap() > 0, "{head}");
    let naps = lines.lines().filter(|l| l.contains(" usleep(3000) = 0 <waited ")).count();
    assert_eq!(naps, 40, "complete");
}

#[test]
fn nobody_is_disturbed_by_an_output_that_cannot_be_written() {
    let dir = scratch("trace-broken");
    let program = compile(&dir, CONVOY, &[]);
    let shell = |redirection: &str, settings: &[(&str, &str)]| {
        let line = format!("exec {} {redirection}", program.display());
        let mut command = run(&["--", "/bin/sh", "-c", &line]);
        let output = output(command.current_dir(&dir).envs(settings.iter().copied()));
        assert!(output.status.success(), "{redirection}: {output:?}");
        assert_eq!(output.stdout, b"done\n", "{redirection}");
    };
    shell("2>&-", &[("GEVENTRS_TRACE", "all"), ("GEVENTRS_REPORT", "stderr")]);
    shell("2>/dev/full", &[("GEVENTRS_TRACE", "all"), ("GEVENTRS_REPORT", "stderr")]);
    let full = [
        ("GEVENTRS_TRACE", "all,to=/dev/full"),
        ("GEVENTRS_REPORT", "/dev/full"),
        ("GEVENTRS_TIMELINE", "/dev/full"),
    ];
    shell("", &full);
    let nowhere = [
        ("GEVENTRS_TRACE", "all,to=/nowhere/t"),
        ("GEVENTRS_REPORT", "/nowhere/r"),
        ("GEVENTRS_TIMELINE", "/nowhere/t"),
    ];
    shell("", &nowhere);
}

/// A pipe that nobody reads fills up. The program goes on, and loses lines.
#[test]
fn a_reader_who_does_not_read_keeps_nobody_waiting() {
    let dir = scratch("trace-unread");
    let source = r#"
        #include <pthread.h>
        #include <sched.h>
        #include <stdio.h>
        static void *turns(void *arg)
        {
            for (int i = 0; i < 20000; i++)
                sched_yield();
            return arg;
        }
        int main(void)
        {
            pthread_t t;
            pthread_create(&t, NULL, turns, NULL);
            turns(NULL);
            pthread_join(t, NULL);
            puts("done");
            return 0;
        }
    "#;
    let program = compile(&dir, source, &[]);
    let (unread, writing) = std::io::pipe().unwrap();
    let mut command = preloaded(&dir, &program, &[("GEVENTRS_TRACE", "all")]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(OwnedFd::from(writing));
    let began = Instant::now();
    let child = start(&mut command);
    drop(command);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stdout, b"done\n");
    assert!(began.elapsed() < Duration::from_secs(60));
    drop(unread);
}
