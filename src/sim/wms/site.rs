//! The work of the site: what the hub asked for, how far it is, and what the hub has not been told yet. A
//! line is decided, written into the book, and only then applied.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Label;
use super::wire::{self, Units, Work};
use crate::sim::book::{Book, BookError};
use crate::sim::courier::Letter;
use crate::sim::outbox::Outbox;
use crate::sim::warehouse::staff;

/// Most ended jobs in memory.
const REMEMBERED: usize = 20_000;
/// Most jobs that people take up at once.
const HANDS: usize = 16;
/// When a parcel without a label is looked at again.
const LATER: SignedDuration = SignedDuration::from_secs(1);

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    Requested,
    Accepted,
    Packed,
    Ready,
    HandedOver,
    Collected,
    Rejected,
    Cancelled,
}

/// A piece of work.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) number: u64,
    pub(super) fulfilment: String,
    pub(super) location: String,
    pub(super) pickup: bool,
    pub(super) lines: Vec<Units>,
    pub(super) stage: Stage,
    pub(super) since: Timestamp,
    /// Why it was rejected.
    pub(super) reason: Option<String>,
}

/// A line of the book.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    /// The hub asked for it.
    Requested(Box<Job>),
    /// It is in another stage.
    Moved(Box<Job>),
    /// The hub asked to stop it, and it was too late.
    TooLate(Box<Job>),
    /// The hub asked to stop what it had not asked for.
    Stopped(String),
    /// The hub took the letter with this number.
    Told(u64),
}

/// What decides what people do and how fast.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) seed: u64,
    pub(super) speed: u32,
}

struct Memory {
    settings: Settings,
    jobs: BTreeMap<String, Job>,
    stopped: BTreeSet<String>,
    due: BTreeSet<(Timestamp, String)>,
    /// In the order of their ends.
    ended: VecDeque<String>,
    outbox: Outbox,
    asked: u64,
}

/// All work of a site.
pub(super) struct Site {
    book: Book<Line>,
    memory: Memory,
}

impl Site {
    /// The site as its book has it.
    pub(super) fn open(book: Option<&Path>, settings: Settings) -> Result<Self, BookError> {
        let mut memory = Memory {
            settings,
            jobs: BTreeMap::new(),
            stopped: BTreeSet::new(),
            due: BTreeSet::new(),
            ended: VecDeque::new(),
            outbox: Outbox::default(),
            asked: 0,
        };
        let book = Book::open("wms", book, |line| memory.apply(line))?;
        Ok(Self { book, memory })
    }

    /// What waits to be told.
    pub(super) const fn outbox(&mut self) -> &mut Outbox {
        &mut self.memory.outbox
    }

    /// Takes a request, once; what is answered at once.
    pub(super) fn take(&mut self, work: &Work, now: Timestamp) -> io::Result<Value> {
        if self.memory.stopped.contains(&work.fulfilment) {
            return Ok(json!({ "status": "rejected", "reason": "stopped" }));
        }
        if self.find(&work.fulfilment).is_some() {
            return Ok(json!({}));
        }
        let mut job = Job {
            number: self.memory.asked + 1,
            fulfilment: work.fulfilment.clone(),
            location: work.location.clone(),
            pickup: work.pickup,
            lines: work.lines.clone(),
            stage: Stage::Requested,
            since: now,
            reason: None,
        };
        self.note(Line::Requested(Box::new(job.clone())))?;
        // Some are answered at once, the others in a webhook.
        if !job.number.is_multiple_of(4) || self.memory.rejects(&job).is_some() {
            return Ok(json!({}));
        }
        job.stage = Stage::Accepted;
        self.note(Line::Moved(Box::new(job)))?;
        Ok(json!({ "status": "accepted" }))
    }

    /// Stops a job, unless it has left; what is answered at once.
    pub(super) fn stop(&mut self, fulfilment: &str, now: Timestamp) -> io::Result<Value> {
        let Some(mut job) = self.find(fulfilment) else {
            self.note(Line::Stopped(fulfilment.to_owned()))?;
            return Ok(json!({ "status": "cancelled" }));
        };
        let at_once = job.number.is_multiple_of(2);
        let word = match job.stage {
            Stage::Cancelled | Stage::Rejected => "cancelled",
            Stage::HandedOver | Stage::Collected => {
                if !at_once {
                    self.note(Line::TooLate(Box::new(job)))?;
                }
                "refused"
            }
            Stage::Requested | Stage::Accepted | Stage::Packed | Stage::Ready => {
                (job.stage, job.since) = (Stage::Cancelled, now);
                self.note(Line::Moved(Box::new(job)))?;
                "cancelled"
            }
        };
        Ok(if at_once {
            json!({ "status": word })
        } else {
            json!({})
        })
    }

    /// The jobs that people take up now.
    pub(super) fn due(&self, now: Timestamp) -> Vec<Job> {
        let due = self.memory.due.iter().take_while(|(at, _)| *at <= now);
        let jobs = due.filter_map(|(_, id)| self.memory.jobs.get(id));
        jobs.take(HANDS).cloned().collect()
    }

    /// People do the next thing about a job.
    pub(super) fn step(
        &mut self,
        fulfilment: &str,
        label: Label,
        now: Timestamp,
    ) -> io::Result<()> {
        let Some(mut job) = self.memory.jobs.get(fulfilment).cloned() else {
            return Ok(());
        };
        job.stage = match (job.stage, label) {
            (Stage::Requested, _) => match self.memory.rejects(&job) {
                Some(reason) => {
                    job.reason = Some(reason);
                    Stage::Rejected
                }
                None => Stage::Accepted,
            },
            (Stage::Accepted, _) => Stage::Packed,
            (Stage::Packed, _) if job.pickup => Stage::Ready,
            (Stage::Packed, Label::NotYet | Label::NotNeeded) => {
                self.memory
                    .wait(&job, now.saturating_add(LATER).unwrap_or(now));
                return Ok(());
            }
            (Stage::Packed, Label::There) => Stage::HandedOver,
            (Stage::Packed, Label::Never) => Stage::Cancelled,
            (Stage::Ready, _) => Stage::Collected,
            // It was stopped meanwhile.
            _ => return Ok(()),
        };
        job.since = now;
        self.note(Line::Moved(Box::new(job)))
    }

    /// The hub took a letter, or did not. Should the book not take that, it is told once more.
    pub(super) fn told(&mut self, letter: u64, taken: bool) {
        let now = Timestamp::now();
        if !taken {
            self.memory.outbox.postpone(letter, now);
        } else if let Err(error) = self.note(Line::Told(letter)) {
            tracing::error!(%error, "the book takes no line");
            self.memory.outbox.postpone(letter, now);
        }
    }

    fn find(&self, fulfilment: &str) -> Option<Job> {
        let known = self.memory.jobs.get(fulfilment).cloned();
        known.or_else(|| {
            // All jobs are in memory until there are too many of them.
            let forgotten = self.memory.ended.len() >= REMEMBERED;
            let line = forgotten.then(|| {
                self.book
                    .recall(|line| line.job().is_some_and(|job| job.fulfilment == fulfilment))
            });
            line.flatten()?.job().cloned()
        })
    }

    fn note(&mut self, line: Line) -> io::Result<()> {
        self.book.append(&line)?;
        self.memory.apply(line);
        Ok(())
    }
}

impl Line {
    const fn job(&self) -> Option<&Job> {
        match self {
            Self::Requested(job) | Self::Moved(job) | Self::TooLate(job) => Some(job),
            Self::Stopped(_) | Self::Told(_) => None,
        }
    }
}

impl Memory {
    /// Why people refuse a job, if they do.
    fn rejects(&self, job: &Job) -> Option<String> {
        let Settings { seed, speed } = self.settings;
        let step = staff::next(seed, job.number, "requested", speed)?;
        step.body["reason"].as_str().map(str::to_owned)
    }

    fn apply(&mut self, line: Line) {
        match line {
            Line::Requested(job) => {
                self.asked = self.asked.max(job.number);
                self.put(*job);
            }
            Line::Moved(job) => {
                let told = wire::told(&job, job.since);
                if let Some(body) = told {
                    self.tell(&job, job.stage as u64, &body);
                }
                self.put(*job);
            }
            Line::TooLate(job) => {
                let body = wire::too_late(&job, job.since);
                self.tell(&job, 8, &body);
            }
            Line::Stopped(fulfilment) => {
                self.stopped.insert(fulfilment);
            }
            Line::Told(letter) => self.outbox.remove(letter),
        }
    }

    fn tell(&mut self, job: &Job, place: u64, body: &Value) {
        let letter = Letter {
            number: job.number * 16 + place,
            topic: "",
            body: body.to_string(),
        };
        self.outbox.add(job.since, letter);
    }

    fn put(&mut self, job: Job) {
        let Settings { seed, speed } = self.settings;
        let pause = |stage| staff::next(seed, job.number, stage, speed).map(|step| step.pause);
        let pause = match job.stage {
            Stage::Requested => pause("requested"),
            Stage::Accepted => pause("accepted")
                .zip(pause("picked"))
                .map(|(one, two)| one + two),
            Stage::Packed | Stage::Ready => pause("labelled"),
            Stage::HandedOver | Stage::Collected | Stage::Rejected | Stage::Cancelled => None,
        };
        let id = job.fulfilment.clone();
        if let Some(pause) = pause {
            self.wait(&job, staff::done_at(job.since, pause));
        } else {
            self.due.retain(|(_, other)| *other != id);
            self.ended.push_back(id.clone());
        }
        self.jobs.insert(id, job);
        while self.ended.len() > REMEMBERED
            && let Some(oldest) = self.ended.pop_front()
        {
            self.jobs.remove(&oldest);
        }
    }

    /// People take a job up then.
    fn wait(&mut self, job: &Job, until: Timestamp) {
        self.due.retain(|(_, other)| *other != job.fulfilment);
        self.due.insert((until, job.fulfilment.clone()));
    }
}
