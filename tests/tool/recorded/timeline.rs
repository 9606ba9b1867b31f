//! `GEVENTRS_TIMELINE`: the file, against the trace-event format and against itself.

use super::*;
use std::collections::BTreeMap;

/// A worker is woken by others, takes locks, blocks in a section, and computes.
pub const SCENE: &str = r#"
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER;
static int items, over;
static void *producer(void *arg)
{
	for (int i = 0; i < 10; i++) {
		usleep(3000);
		pthread_mutex_lock(&lock);
		items++;
		pthread_cond_signal(&filled);
		pthread_mutex_unlock(&lock);
	}
	pthread_mutex_lock(&lock);
	over = 1;
	pthread_cond_signal(&filled);
	pthread_mutex_unlock(&lock);
	return arg;
}
static void *consumer(void *arg)
{
	pthread_mutex_lock(&lock);
	while (items || !over) {
		if (!items)
			pthread_cond_wait(&filled, &lock);
		else
			items--;
	}
	pthread_mutex_unlock(&lock);
	return arg;
}
static void *locker(void *arg)
{
	int fd = open("scene.lock", O_CREAT | O_RDWR, 0600);
	flock(fd, LOCK_EX);
	usleep(10000);
	flock(fd, LOCK_UN);
	close(fd);
	return arg;
}
static void *holder(void *arg)
{
	static pthread_mutex_t other = PTHREAD_MUTEX_INITIALIZER;
	pthread_mutex_lock(&other);
	usleep(5000);
	pthread_mutex_unlock(&other);
	return arg;
}
int main(void)
{
	void *(*all[])(void *) = { producer, consumer, locker, locker, holder };
	const char *names[] = { "producer", "consumer", "locker 1", "locker 2", "holder" };
	pthread_t t[5];
	for (int i = 0; i < 5; i++) {
		pthread_create(&t[i], NULL, all[i], NULL);
		pthread_setname_np(t[i], names[i]);
	}
	for (int i = 0; i < 5; i++)
		pthread_join(t[i], NULL);
	return 0;
}
"#;

/// The events of the scene.
fn events(name: &str) -> (std::path::PathBuf, Value) {
    let dir = scratch(name);
    let program = compile(&dir, SCENE, &["-g"]);
    succeeds(&mut preloaded(&dir, &program, &[("GEVENTRS_TIMELINE", "t.json")]));
    (dir.join("t.json"), json(&dir.join("t.json")))
}

fn is(e: &Value, phase: &str) -> bool {
    e["ph"] == phase
}

#[test]
fn events_are_those_of_the_format() {
    let (_, file) = events("timeline-format");
    let events = file["traceEvents"].as_array().unwrap();
    for e in events {
        let phase = e["ph"].as_str().unwrap();
        assert!(["X", "M", "s", "f"].contains(&phase), "{e}");
        assert!(e["pid"].is_u64() && e["tid"].is_u64() && e["name"].is_string(), "{e}");
        if phase != "M" {
            assert!(e["ts"].as_f64().unwrap() >= 0.0 && e["cat"].is_string(), "{e}");
        }
        if phase == "X" {
            assert!(e["dur"].as_f64().unwrap() >= 0.0, "{e}");
        }
    }
    // Every arrow has both ends, and the second is not before the first.
    let ends = |phase: &str| -> BTreeMap<u64, f64> {
        let all = events.iter().filter(|e| is(e, phase));
        all.map(|e| (e["id"].as_u64().unwrap(), e["ts"].as_f64().unwrap())).collect()
    };
    let (starts, finishes) = (ends("s"), ends("f"));
    assert!(!starts.is_empty());
    assert!(starts.keys().eq(finishes.keys()));
    assert!(starts.iter().all(|(id, at)| *at <= finishes[id]));
}

#[test]
fn a_greenlet_does_one_thing_at_a_time() {
    let (_, file) = events("timeline-lanes");
    let mut lanes: BTreeMap<u64, Vec<(f64, f64)>> = BTreeMap::new();
    for e in file["traceEvents"].as_array().unwrap() {
        if is(e, "X") && e["pid"] == 1 {
            let (ts, dur) = (e["ts"].as_f64().unwrap(), e["dur"].as_f64().unwrap());
            lanes.entry(e["tid"].as_u64().unwrap()).or_default().push((ts, ts + dur));
        }
    }
    assert_eq!(lanes.len(), 6, "main and five threads");
    for spans in lanes.values_mut() {
        spans.sort_by(|a, b| a.0.total_cmp(&b.0));
        for pair in spans.windows(2) {
            // Times are rounded to nanoseconds.
            assert!(pair[0].1 <= pair[1].0 + 0.01, "{pair:?}");
        }
    }
}

#[test]
fn it_shows_wakers_sections_carriers_and_locks() {
    let (_, file) = events("timeline-scene");
    let events = file["traceEvents"].as_array().unwrap();
    let names: BTreeMap<u64, &str> = events
        .iter()
        .filter(|e| is(e, "M") && e["name"] == "thread_name" && e["pid"] == 1)
        .map(|e| (e["tid"].as_u64().unwrap(), e["args"]["name"].as_str().unwrap()))
        .collect();
    let who = |e: &Value| names[&e["tid"].as_u64().unwrap()].split_once(' ').unwrap().1;
    let spans = |class: &str| -> Vec<&str> {
        let of = events.iter().filter(|e| is(e, "X") && e["pid"] == 1 && e["cat"] == class);
        of.map(who).collect()
    };
    assert!(spans("condition").contains(&"consumer"));
    assert!(spans("sleep").contains(&"producer"));
    assert!(spans("section").iter().any(|n| n.starts_with("locker")), "one waits in flock");
    assert!(spans("running").contains(&"consumer") && spans("join").contains(&"program"));
    // The producer wakes the consumer.
    let wakes = |id: &Value, phase: &str| {
        events.iter().find(|e| is(e, phase) && e["id"] == *id).map(who).unwrap_or_default()
    };
    let arrows: Vec<(&str, &str)> = events
        .iter()
        .filter(|e| is(e, "s"))
        .map(|e| (wakes(&e["id"], "s"), wakes(&e["id"], "f")))
        .collect();
    assert!(arrows.contains(&("producer", "consumer")), "{arrows:?}");
    // Sections are on a carrier's track as well, and the hub has moved.
    let on = |pid: u64, class: &str| {
        events.iter().any(|e| is(e, "X") && e["pid"] == pid && e["cat"] == class)
    };
    assert!(on(2, "section") && on(2, "running") && on(2, "hub"));
    let held: Vec<f64> = events
        .iter()
        .filter(|e| is(e, "X") && e["pid"] == 3)
        .map(|e| e["dur"].as_f64().unwrap())
        .collect();
    assert!(held.iter().any(|us| *us >= 5000.0), "the holder sleeps with its lock: {held:?}");
}

#[test]
fn the_newest_part_is_kept() {
    let dir = scratch("timeline-ring");
    let source = r#"
        #include <pthread.h>
        #include <sched.h>
        #include <unistd.h>
        static void *turns(void *arg)
        {
            for (int i = 0; i < 100000; i++)
                sched_yield();
            return arg;
        }
        int main(void)
        {
            pthread_t t;
            pthread_create(&t, NULL, turns, NULL);
            turns(NULL);
            pthread_join(t, NULL);
            pthread_create(&t, NULL, turns, NULL);
            usleep(1);
            pthread_join(t, NULL);
            return 0;
        }
    "#;
    let program = compile(&dir, source, &[]);
    succeeds(&mut preloaded(&dir, &program, &[("GEVENTRS_TIMELINE", "t.json")]));
    let path = dir.join("t.json");
    assert!(std::fs::metadata(&path).unwrap().len() < 200_000_000);
    let file = json(&path);
    assert!(file["turns_forgotten"].as_u64().unwrap() > 50_000, "{}", file["turns_forgotten"]);
    let events = file["traceEvents"].as_array().unwrap();
    assert!(events.iter().any(|e| e["cat"] == "join"), "the last wait is there");
}

#[test]
fn the_tool_lists_the_longest_waits() {
    let (file, _) = events("timeline-table");
    let text = stdout(&mut tool(&["timeline", file.to_str().unwrap(), "--top", "3"]));
    assert!(text.contains("waits; the longest:"), "{text}");
    assert_eq!(text.lines().count(), 2 + 2 * 3, "{text}");
    assert!(text.contains("end of thread ") && text.contains("at main at program.c:"), "{text}");
}
