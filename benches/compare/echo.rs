//! The echo servers: pthreads native, pthreads preloaded, and one epoll loop.

use crate::child::{self, last_line, Running};
use crate::setup::{Place, Setup, Side};
use crate::stats::{median, rotate, Samples};
use crate::table::{ratio, Cell, Columns, Row};

pub const NAME: &str = "echo";

const CONNECTIONS: u32 = 1000;

struct Server {
    label: &'static str,
    program: &'static str,
    side: Side,
}

const SERVERS: [Server; 3] = [
    Server { label: "pthreads native", program: "echo_threads", side: Side::Native },
    Server { label: "pthreads preloaded", program: "echo_threads", side: Side::Preloaded },
    Server { label: "epoll loop", program: "echo_epoll", side: Side::Native },
];

/// Requests per second, the CPU shares of the client and the server, and the
/// replies which the client found at once.
struct Speed {
    requests: f64,
    client: f64,
    server: f64,
    batch: f64,
}

pub fn measure(setup: &Setup) -> Vec<Row> {
    let mut notes = Vec::new();
    let [threads, yardstick] = columns(setup, Place::Pinned, &mut notes);
    if setup.cpu == setup.other_cpu {
        notes.push("there is one CPU only: client and servers share it".into());
    }
    let [unpinned_threads, unpinned_yardstick] = columns(setup, Place::Unpinned, &mut notes);
    let mut rows = vec![
        row("echo against native", 1.4, threads, unpinned_threads),
        row("echo against an epoll loop", 0.85, yardstick, unpinned_yardstick),
    ];
    rows[0].notes = notes;
    rows
}

fn row(work: &str, least: f64, pinned: Columns, unpinned: Columns) -> Row {
    Row {
        work: work.into(),
        unit: "requests/s".into(),
        bar: format!("≥ {least}×"),
        met: pinned.ratio.is_some_and(|ratio| ratio >= least),
        pinned,
        unpinned: Some(unpinned),
        notes: Vec::new(),
    }
}

/// Preloaded beside native, and preloaded beside the epoll loop.
fn columns(setup: &Setup, place: Place, notes: &mut Vec<String>) -> [Columns; 2] {
    let results = rotate(setup.runs, &SERVERS, |server| serve(setup, server, place));
    let mut samples: Vec<Samples> = Vec::new();
    for (server, result) in SERVERS.iter().zip(results) {
        if let Ok(speeds) = &result {
            notes.push(shares(server, place, speeds));
        }
        samples.push(result.map(|speeds| speeds.iter().map(|speed| speed.requests).collect()));
    }
    let mut quiet = Vec::new();
    [0, 2].map(|i| {
        let label = SERVERS[i].label;
        let native = Cell::median(samples[i].clone(), label, notes);
        let notes = if i == 0 { &mut *notes } else { &mut quiet };
        let preloaded = Cell::median(samples[1].clone(), SERVERS[1].label, notes);
        Columns { ratio: ratio(&preloaded, &native), native, preloaded }
    })
}

/// The server is the bottleneck if its share is near 1 and the client finds few
/// of the 1,000 replies at once.
fn shares(server: &Server, place: Place, speeds: &[Speed]) -> String {
    let middle = |of: fn(&Speed) -> f64| {
        let values: Vec<f64> = speeds.iter().map(of).collect();
        median(&values).unwrap_or_default()
    };
    format!(
        "{}{}: CPU share {:.2} of the server, {:.2} of the client, \
         which finds {:.0} replies at once",
        if place == Place::Pinned { "" } else { "unpinned " },
        server.label,
        middle(|speed| speed.server),
        middle(|speed| speed.client),
        middle(|speed| speed.batch)
    )
}

fn serve(setup: &Setup, server: &Server, place: Place) -> Result<Speed, String> {
    let mut running = Running::start(&setup.job(server.program, &[], server.side, place))?;
    let said = running.read_until(|text| text.ends_with('\n'))?;
    let Some(port) = said.trim().strip_prefix("port ") else {
        return Err(format!("no port: {}", last_line(&running.stderr())));
    };
    let seconds = if setup.quick { 1 } else { 2 };
    let args = [port.parse().unwrap_or(0), CONNECTIONS, seconds, running.pid()];
    let mut client =
        setup.job("echo_client", &args.map(|arg| arg.to_string()), Side::Native, place);
    client.cpu = client.cpu.map(|_| setup.other_cpu);
    let output = child::run(&client);
    running.terminate();
    let output = output?;
    Ok(Speed {
        requests: output.metric("req_per_s")?,
        client: output.metric("client_cpu")?,
        server: output.metric("server_cpu")?,
        batch: output.metric("batch")?,
    })
}
