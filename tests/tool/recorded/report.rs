//! `GEVENTRS_REPORT` and `geventrs report`.

use super::*;

fn recorded(name: &str, source: &str) -> (std::path::PathBuf, Value) {
    let dir = scratch(name);
    let program = compile(&dir, source, &["-g", "-O1"]);
    succeeds(&mut preloaded(&dir, &program, &[("GEVENTRS_REPORT", "r.json")]));
    let report = json(&dir.join("r.json"));
    (dir.join("r.json"), report)
}

#[test]
fn a_lock_convoy_is_named_with_who_wants_and_who_holds_the_lock() {
    let (file, _) = recorded("report-convoy", CONVOY);
    let text = report_of(&file, &[]);
    let after = |title: &str| {
        let at = text.find(title).unwrap_or_else(|| panic!("no {title:?} in {text}"));
        text[at..].to_owned()
    };
    let places = after("Where it waited");
    let first: Vec<&str> = places.lines().skip(2).take(2).collect();
    assert!(first[0].contains("pthread_mutex_lock("), "the most waiting is for the lock: {text}");
    assert!(first[1].contains("at hold at program.c:9 < worker at program.c:16"), "{text}");
    let locks = after("Contended locks");
    assert!(locks.contains("wanted at hold at program.c:9 < worker"), "{text}");
    assert!(locks.contains("held by worker ("), "{text}");
    assert!(locks.contains("taken at hold at program.c:9 < worker"), "{text}");
    let who = after("Who waited");
    assert!(who.contains("runs worker at program.c:1"), "{text}");
    assert!(who.contains("made by main at program.c:2"), "{text}");
}

#[test]
fn a_silent_pipe_is_named_with_its_descriptor() {
    let (file, _) = recorded("report-pipe", SILENT_PIPE);
    let text = report_of(&file, &[]);
    let line = text.lines().find(|l| l.contains(" read(")).unwrap_or_else(|| panic!("{text}"));
    assert!(line.contains(", 512): fd ") && line.trim_end().ends_with("readable"), "{line}");
    assert!(text.contains("at listener at program.c:11"), "{text}");
}

/// The name server is the program's own: a socket that never answers.
const SLOW_NAME: &str = r#"
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <resolv.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
static void *look_up(void *arg)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t length = sizeof here;
	struct addrinfo *found;
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	bind(s, (struct sockaddr *)&here, sizeof here);
	getsockname(s, (struct sockaddr *)&here, &length);
	res_init();
	_res.nscount = 1;
	_res.nsaddr_list[0] = here;
	_res.retrans = 1;
	_res.retry = 1;
	getaddrinfo("db.slow.example", "80", NULL, &found);
	return arg;
}
int main(void)
{
	pthread_t t;
	pthread_create(&t, NULL, look_up, NULL);
	for (int i = 0; i < 10; i++)
		usleep(10000);
	pthread_join(t, NULL);
	return 0;
}
"#;

#[test]
fn a_slow_name_is_named() {
    let dir = scratch("report-name");
    let program = compile(&dir, SLOW_NAME, &["-g", "-lresolv"]);
    succeeds(&mut preloaded(&dir, &program, &[("GEVENTRS_REPORT", "r.json")]));
    let text = report_of(&dir.join("r.json"), &[]);
    let wanted = "getaddrinfo(\"db.slow.example\", \"80\", NULL, ";
    let line = text.lines().find(|l| l.contains(wanted)).unwrap_or_else(|| panic!("{text}"));
    assert!(line.contains("(blocking section)"), "{line}");
    assert!(text.contains("at look_up at program.c:2"), "{text}");
}

#[test]
fn a_cpu_hog_is_named_with_its_stack() {
    let (file, report) = recorded("report-hog", HOG);
    let hog = &report["hogs"][0];
    assert_eq!(hog["name"], "cruncher", "{}", report["hogs"]);
    assert!(hog["span"].as_u64().unwrap() > 200_000_000, "{hog}");
    // What it has run off the hub counts, whoever has the hub when it comes back.
    let greenlets = report["greenlets"].as_array().unwrap();
    let cruncher = greenlets.iter().find(|g| g["name"] == "cruncher").unwrap();
    assert!(number(&cruncher["runs"]["total"]) > 200_000_000, "{cruncher}");
    let text = report_of(&file, &["--depth", "8"]);
    let runs = &text[text.find("Longest runs").unwrap_or_else(|| panic!("{text}"))..];
    assert!(runs.contains("cruncher (") && runs.contains("crunch at program.c:1"), "{text}");
    assert!(runs.contains("< hog at program.c:"), "{text}");
}

#[test]
fn what_blocks_past_the_hooks_is_counted() {
    let source = r#"
        #include <pthread.h>
        #include <time.h>
        #include <unistd.h>
        __attribute__((noinline)) static void hidden_sleep(void)
        {
            struct timespec t = { 0, 300000000 };
            long n = 35;
            __asm__ volatile("syscall" : "+a"(n) : "D"(&t), "S"(0) : "rcx", "r11", "memory");
        }
        static void *sleeper(void *arg) { hidden_sleep(); return arg; }
        static void *ticker(void *arg)
        {
            for (int i = 0; i < 20; i++)
                usleep(5000);
            return arg;
        }
        int main(void)
        {
            pthread_t a, b;
            pthread_create(&a, NULL, sleeper, NULL);
            pthread_create(&b, NULL, ticker, NULL);
            pthread_join(a, NULL);
            pthread_join(b, NULL);
            return 0;
        }
    "#;
    // The monitor must get a processor while it sleeps, and on a busy machine may not.
    let mut text = String::new();
    for _ in 0..5 {
        let (file, _) = recorded("report-outside", source);
        text = report_of(&file, &[]);
        if text.contains("Blocked where no hook is") {
            break;
        }
    }
    assert!(text.contains("Blocked where no hook is"), "{text}");
    assert!(text.contains("hidden_sleep at program.c:"), "{text}");
}

fn number(v: &Value) -> u64 {
    v.as_u64().unwrap_or_else(|| panic!("{v} is no number"))
}

/// Count, sum, longest, percentiles and buckets must agree with each other.
fn check_times(t: &Value) {
    let [count, total, longest] = ["count", "total", "longest"].map(|k| number(&t[k]));
    assert!(longest <= total || count == 0, "{t}");
    assert!(total <= longest.saturating_mul(count), "{t}");
    let (p50, p99) = (number(&t["p50"]), number(&t["p99"]));
    assert!(p50 <= p99 && p99 <= longest, "{t}");
    let buckets = t["histogram"].as_array().unwrap();
    assert_eq!(buckets.iter().map(|b| number(&b[1])).sum::<u64>(), count, "{t}");
    assert!(buckets.iter().map(|b| number(&b[0])).is_sorted(), "{t}");
}

#[test]
fn the_json_is_what_the_page_on_it_says() {
    let (file, report) = recorded("report-json", CONVOY);
    assert_eq!((&report["geventrs"], &report["version"]), (&"report".into(), &1.into()));
    assert_eq!(report["state"], "exit");
    assert!(report["command"][0].as_str().unwrap().ends_with("/program"));
    check_times(&report["run_queue"]);
    let modules = report["modules"].as_array().unwrap();
    assert!(modules.iter().any(|m| m.as_str().unwrap().ends_with("/program")), "{modules:?}");
    let places = report["places"].as_array().unwrap();
    let known = |place: &Value| *place == 0 || places.iter().any(|p| p["id"] == *place);
    for place in places {
        assert!(place["call"].is_string());
        for frame in place["frames"].as_array().unwrap() {
            let module = frame[0].as_i64().unwrap();
            assert!((-1..modules.len() as i64).contains(&module), "{frame}");
            assert!(frame[1].is_u64(), "{frame}");
        }
    }
    let span = number(&report["span"]);
    let waits = report["waits"].as_array().unwrap();
    let naps = waits.iter().find(|w| w["why"] == "sleep").unwrap();
    assert_eq!(naps["waits"]["count"], 40);
    assert!(number(&naps["waits"]["total"]) >= 40 * 3_000_000);
    for wait in waits {
        check_times(&wait["waits"]);
        assert!(known(&wait["place"]) && wait["example"].is_string(), "{wait}");
        assert!(number(&wait["waits"]["longest"]) <= span);
    }
    let greenlets = report["greenlets"].as_array().unwrap();
    assert_eq!(greenlets.iter().filter(|g| g["name"] == "worker").count(), 4);
    for greenlet in greenlets {
        check_times(&greenlet["waits"]);
        let by_why = greenlet["by_why"].as_object().unwrap();
        let sum: u64 = by_why.values().map(|s| number(&s["count"])).sum();
        assert_eq!(greenlet["waits"]["count"], sum);
        assert!(known(&greenlet["creator"]["place"]) && known(&greenlet["longest_run_place"]));
    }
    let total: u64 = waits.iter().map(|w| number(&w["waits"]["count"])).sum();
    let by_greenlet: u64 = greenlets.iter().map(|g| number(&g["waits"]["count"])).sum();
    assert_eq!(total, by_greenlet, "by place and by greenlet the same waits are counted");
    for lock in report["locks"].as_array().unwrap() {
        assert!(known(&lock["waiter"]) && known(&lock["holder"]), "{lock}");
    }
    // The tool's own JSON has the same, with names.
    let named: Value = serde_json::from_str(&report_of(&file, &["--json"])).unwrap();
    assert_eq!(named["waits"], report["waits"]);
    let stacks: Vec<&Value> =
        named["places"].as_array().unwrap().iter().map(|p| &p["stack"][0]).collect();
    assert!(stacks.iter().any(|f| f["function"] == "hold" && f["line"] == 9), "{stacks:?}");
}

#[test]
fn folded_stacks_are_a_stack_and_a_number_a_line() {
    let (file, _) = recorded("report-folded", CONVOY);
    let text = report_of(&file, &["--folded"]);
    for line in text.lines() {
        let (stack, number) = line.rsplit_once(' ').unwrap();
        assert!(number.parse::<u64>().is_ok() && !stack.contains(' '), "{line}");
    }
    assert!(
        text.lines().any(|l| l.starts_with("worker;hold;pthread_mutex_lock;[mutex] ")),
        "{text}"
    );
    assert!(text.lines().any(|l| l.starts_with("main;pthread_join;[join] ")), "{text}");
}

#[test]
fn without_the_tool_there_is_a_table_and_folded_stacks() {
    let dir = scratch("report-plain");
    let program = compile(&dir, CONVOY, &["-rdynamic"]);
    let output = succeeds(&mut preloaded(&dir, &program, &[("GEVENTRS_REPORT", "stderr")]));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.starts_with("geventrs: where process "), "{text}");
    assert!(
        text.contains("pthread_mutex_lock(0x") && text.contains("usleep(3000): sleep"),
        "{text}"
    );
    assert!(text.contains("main+0x"), "{text}");
    succeeds(&mut preloaded(&dir, &program, &[("GEVENTRS_REPORT", "r.txt")]));
    let file = std::fs::read_to_string(dir.join("r.txt")).unwrap();
    assert!(file.starts_with("geventrs: where process "), "{file}");
    succeeds(&mut preloaded(&dir, &program, &[("GEVENTRS_REPORT", "r.folded")]));
    let file = std::fs::read_to_string(dir.join("r.folded")).unwrap();
    assert!(
        file.lines().any(|l| l.starts_with("main;pthread_join;[join] ")
            || l.contains(";main;pthread_join;[join] ")),
        "{file}"
    );
    let stripped = compile(&dir, CONVOY, &["-s"]);
    succeeds(&mut preloaded(&dir, &stripped, &[("GEVENTRS_REPORT", "s.folded")]));
    let file = std::fs::read_to_string(dir.join("s.folded")).unwrap();
    let of_lock = file.lines().find(|l| l.contains("[mutex]")).unwrap();
    assert!(of_lock.contains("program+0x") && !of_lock.contains(";0x"), "{file}");
}

#[test]
fn more_greenlets_than_rows_are_counted_by_where_they_were_made() {
    let source = r#"
        #include <pthread.h>
        #include <sched.h>
        static void *once(void *arg) { sched_yield(); return arg; }
        int main(void)
        {
            for (int i = 0; i < 6000; i++) {
                pthread_t t;
                pthread_create(&t, NULL, once, NULL);
                pthread_join(t, NULL);
            }
            return 0;
        }
    "#;
    let (_, report) = recorded("report-many", source);
    let greenlets = report["greenlets"].as_array().unwrap();
    let all: u64 = greenlets.iter().map(|g| number(&g["greenlets"])).sum();
    assert_eq!(all, 6001);
    assert!(greenlets.len() < 4200, "{}", greenlets.len());
    assert!(greenlets.iter().any(|g| number(&g["greenlets"]) > 1000));
}

#[test]
fn files_of_another_kind_are_refused_in_one_line() {
    let dir = scratch("report-refused");
    let path = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    std::fs::write(dir.join("text"), "hello\n").unwrap();
    fails(&mut tool(&["report", &path("none")]), 125, "No such file");
    fails(&mut tool(&["report", &path("text")]), 125, "no file that the library has written");
    let program = compile(&dir, CONVOY, &[]);
    let settings = [("GEVENTRS_TIMELINE", "t.json"), ("GEVENTRS_TRACE", "to=trace")];
    succeeds(&mut preloaded(&dir, &program, &settings));
    fails(&mut tool(&["report", &path("t.json")]), 125, "is a timeline");
    fails(&mut tool(&["report", &path("trace")]), 125, "is a trace");
    fails(&mut tool(&["timeline", &path("text")]), 125, "no file that the library has written");
}

/// A process that is killed leaves a file that says so.
#[test]
fn a_file_that_was_never_finished_says_whose_it_is() {
    let dir = scratch("report-killed");
    let source = "#include <signal.h>\nint main(void) { return raise(SIGKILL); }\n";
    let program = compile(&dir, source, &[]);
    output(&mut preloaded(&dir, &program, &[("GEVENTRS_REPORT", "r.json")]));
    let path = dir.join("r.json").to_str().unwrap().to_owned();
    fails(&mut tool(&["report", &path]), 125, "has not written it");
}

/// The peer is told although the connection is closed when the report is written; calls with
/// `...` have a place.
#[test]
fn waits_name_their_peers_and_calls_with_variable_arguments_their_places() {
    let source = r#"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
static int server;
static void *answers(void *arg)
{
	int fd = accept(server, NULL, NULL);
	usleep(20000);
	write(fd, "7\n", 2);
	close(fd);
	return arg;
}
int main(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM, 0), n = 0;
	pthread_t t;
	server = socket(AF_INET, SOCK_STREAM, 0);
	bind(server, (void *)&at, size);
	listen(server, 1);
	getsockname(server, (void *)&at, &size);
	pthread_create(&t, NULL, answers, NULL);
	usleep(20000);
	connect(fd, (void *)&at, size);
	dup2(fd, 0);
	close(fd);
	scanf("%d", &n); /* here */
	close(0);
	pthread_join(t, NULL);
	printf("%d %d\n", n, ntohs(at.sin_port));
	return 0;
}
"#;
    let dir = scratch("report-peers");
    let program = compile(&dir, source, &["-g"]);
    let settings = [("GEVENTRS_REPORT", "r.json"), ("GEVENTRS_TRACE", "to=trace")];
    let output = succeeds(&mut preloaded(&dir, &program, &settings));
    let said = String::from_utf8(output.stdout).unwrap();
    let port = said.trim().strip_prefix("7 ").unwrap_or_else(|| panic!("{said}")).to_owned();
    let reader = format!("scanf(\"%d\"): fd 0 readable <- 127.0.0.1:{port}");
    let text = report_of(&dir.join("r.json"), &[]);
    let line = source.lines().position(|l| l.contains("/* here */")).unwrap() + 1;
    let at = text.lines().position(|l| l.contains(&reader)).unwrap_or_else(|| panic!("{text}"));
    let place = text.lines().nth(at + 1).unwrap();
    assert!(place.contains(&format!("at main at program.c:{line}")), "{text}");
    assert!(text.contains(&format!("connection on fd 4, at 127.0.0.1:{port}")), "{text}");
    let trace = std::fs::read_to_string(dir.join("trace")).unwrap();
    assert!(trace.contains(&format!("fd 0 readable <- 127.0.0.1:{port}>")), "{trace}");
}

/// Who computes between short calls leaves the hub by itself, unseen by the monitor's slices:
/// its runs are told as those of others, each up to the call that ends it.
#[test]
fn who_leaves_the_hub_to_compute_is_among_the_longest_runs() {
    const PROGRAM: &str = r#"
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
static int ends[2];
static void spin(int ms)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	long end = t.tv_sec * 1000 + t.tv_nsec / 1000000 + ms;
	do
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	while (t.tv_sec * 1000 + t.tv_nsec / 1000000 < end);
}
__attribute__((noinline)) static void short_one(void)
{
	spin(30);
	__asm__("");
}
__attribute__((noinline)) static void long_one(void)
{
	spin(300);
	__asm__("");
}
static void *worker(void *arg)
{
	for (int i = 0; i < 20; i++) {
		short_one();
		write(ends[1], "", 1);
	}
	long_one();
	write(ends[1], "", 1);
	return arg;
}
static void *ticker(void *arg)
{
	for (int i = 0; i < 100; i++)
		usleep(5000);
	return arg;
}
int main(void)
{
	pthread_t a, b;
	pipe(ends);
	pthread_create(&a, NULL, worker, NULL);
	pthread_create(&b, NULL, ticker, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	return 0;
}
"#;
    let (file, report) = recorded("report-leaves", PROGRAM);
    let text = report_of(&file, &["--top", "40"]);
    let runs =
        &text[text.find("Longest runs without a wait").unwrap_or_else(|| panic!("{text}"))..];
    let first: Vec<&str> = runs.lines().skip(2).take(2).collect();
    assert!(first[1].contains("long_one at program.c:"), "{text}");
    // The short ones are runs of their own.
    assert!(runs.matches("short_one at program.c:").count() > 3, "{text}");
    // What the table of greenlets says is in the list.
    let longest = |list: &str, of: &dyn Fn(&Value) -> u64| {
        report[list].as_array().unwrap().iter().map(of).max().unwrap()
    };
    let told = longest("hogs", &|h| h["span"].as_u64().unwrap());
    let lived = longest("greenlets", &|g| g["runs"]["longest"].as_u64().unwrap());
    assert!(told * 10 >= lived * 9, "{told} of {lived}: {text}");
}

/// A hook that is a few instructions, and a function without lines: both have a place.
#[test]
fn the_wait_of_a_vfork_has_its_place() {
    const PROGRAM: &str = r#"
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>
static int ends[2];
static void *spawner(void *arg)
{
	pid_t child = vfork();
	if (child == 0) {
		char c;
		close(ends[1]); /* The parent has another. */
		read(ends[0], &c, 1);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	return arg;
}
static void *ticker(void *arg)
{
	usleep(100000);
	close(ends[1]);
	return arg;
}
int main(void)
{
	pthread_t a, b;
	pipe(ends);
	pthread_create(&b, NULL, ticker, NULL);
	pthread_create(&a, NULL, spawner, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	return 0;
}
"#;
    let (file, _) = recorded("report-vfork", PROGRAM);
    let text = report_of(&file, &["--top", "40"]);
    let mut lines = text.lines().skip_while(|l| !l.contains(" vfork(): "));
    assert!(lines.next().is_some(), "{text}");
    assert!(lines.next().unwrap_or("").contains("at spawner at program.c:9"), "{text}");
    // Without lines the offset in the function is told, as `stacks` does.
    let dir = scratch("report-offsets");
    let program = compile(&dir, PROGRAM, &["-O1"]);
    succeeds(&mut preloaded(&dir, &program, &[("GEVENTRS_REPORT", "r.json")]));
    let text = report_of(&dir.join("r.json"), &["--top", "40"]);
    assert!(text.contains("at spawner+0x"), "{text}");
}
