//! What the library records (`GEVENTRS_TRACE`, `GEVENTRS_REPORT`, `GEVENTRS_TIMELINE`,
//! `GEVENTRS_MAX_BLOCKING_TIME`) and what the tool makes of it.

mod api;
mod ends;
mod now;
mod page;
mod real;
mod report;
mod small_stacks;
mod timeline;
mod trace;
mod watchdog;

use crate::support::*;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

/// Four workers that take one lock in turns and sleep with it.
pub const CONVOY: &str = r#"
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void hold(void)
{
	pthread_mutex_lock(&lock);
	usleep(3000);
	pthread_mutex_unlock(&lock);
}
static void *worker(void *arg)
{
	for (int i = 0; i < 10; i++)
		hold();
	return arg;
}
int main(void)
{
	pthread_t t[4];
	for (int i = 0; i < 4; i++) {
		pthread_create(&t[i], NULL, worker, NULL);
		pthread_setname_np(t[i], "worker");
	}
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	puts("done");
	return 0;
}
"#;

/// A reader on a pipe to which nothing comes for a while.
pub const SILENT_PIPE: &str = r#"
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
static int ends[2];
static void *listener(void *arg)
{
	char text[512];
	pthread_setname_np(pthread_self(), "listener");
	printf("%zd\n", read(ends[0], text, sizeof text));
	return arg;
}
int main(void)
{
	pthread_t t;
	pipe(ends);
	pthread_create(&t, NULL, listener, NULL);
	usleep(150000);
	write(ends[1], "hello", 5);
	pthread_join(t, NULL);
	return 0;
}
"#;

/// One thread computes for a while beside one that sleeps in short naps.
pub const HOG: &str = r#"
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
static long now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
__attribute__((noinline)) void crunch(void)
{
	long end = now_ms() + 400;
	while (now_ms() < end)
		;
}
static void *hog(void *arg)
{
	pthread_setname_np(pthread_self(), "cruncher");
	crunch();
	return arg;
}
static void *ticker(void *arg)
{
	for (int i = 0; i < 20; i++)
		usleep(5000);
	return arg;
}
int main(void)
{
	pthread_t a, b;
	pthread_create(&a, NULL, hog, NULL);
	pthread_create(&b, NULL, ticker, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	puts("done");
	return 0;
}
"#;

/// `geventrs run -- PROGRAM ARGUMENTS` in `directory`, with settings.
pub fn preloaded(directory: &Path, program: &Path, settings: &[(&str, &str)]) -> Command {
    let mut command = run(&["--", program.to_str().unwrap()]);
    command.current_dir(directory).envs(settings.iter().copied());
    command
}

/// Run it; it must succeed.
#[track_caller]
pub fn succeeds(command: &mut Command) -> Output {
    let output = output(command);
    assert!(output.status.success(), "{output:?}");
    output
}

/// A file of JSON.
#[track_caller]
pub fn json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}: {text:.400}", path.display()))
}

/// `geventrs report FILE ARGUMENTS`.
#[track_caller]
pub fn report_of(file: &Path, arguments: &[&str]) -> String {
    let mut command = tool(&["report", file.to_str().unwrap()]);
    stdout(command.args(arguments))
}

/// Names of files in a directory that begin with `start`, sorted.
pub fn files(directory: &Path, start: &str) -> Vec<String> {
    let names = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = names
        .map(|f| f.unwrap().file_name().into_string().unwrap())
        .filter(|n| n.starts_with(start))
        .collect();
    names.sort();
    names
}
