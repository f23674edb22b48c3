//! Pipelines of numbers, with faults.

use std::{ops::ControlFlow, panic::catch_unwind, time::Duration};

use super::*;
use crate::{
    error::Error,
    scan::{Cancel, Pool, feed::Feed},
};

/// What happens to the item with a number.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    FailsToScan(usize),
    FailsToFormat(usize),
    PanicsInFormat(usize),
    PanicsInJoin(usize),
}

/// Formats each number as that many bytes of itself, in pieces of one byte.
struct Numbers(Fault);

impl Stages for Numbers {
    type Item = usize;
    type Found = usize;
    type Plan = (usize, usize);
    type Seam = usize;
    type Worker = ();
    type Output = Vec<u8>;

    fn worker(&self) {}

    fn scan(&self, (): &mut (), &item: &usize) -> Result<usize, Error> {
        // Later items are often done first.
        std::thread::sleep(Duration::from_micros(if item % 3 == 0 { 300 } else { 0 }));
        if self.0 == Fault::FailsToScan(item) { Err(Error::truncated(item as u64)) } else { Ok(item) }
    }

    fn join(&self, seam: &mut usize, _: &usize, found: usize) -> Result<Joined<(usize, usize)>, Error> {
        assert!(self.0 != Fault::PanicsInJoin(found), "join of {found}");
        assert_eq!(*seam, found, "items are joined in order");
        *seam += 1;
        Ok(Joined { plan: Some((found, found % 5)), last: false })
    }

    fn format(
        &self,
        (): &mut (),
        &item: &usize,
        plan: &mut (usize, usize),
        output: &mut Vec<u8>,
    ) -> Result<bool, Error> {
        assert!(output.is_empty(), "output is used again without having been emptied");
        assert!(self.0 != Fault::PanicsInFormat(item), "format of {item}");
        output.push(item as u8);
        if self.0 == Fault::FailsToFormat(item) {
            return Err(Error::truncated(item as u64));
        }
        plan.1 = plan.1.saturating_sub(1);
        Ok(plan.1 > 0)
    }

    fn found_size(&self, _: &usize) -> usize {
        3 << 20
    }
}

fn run_numbers(fault: Fault, count: usize, threads: usize, stop_after: usize) -> (Vec<u8>, Result<usize, Error>) {
    let mut emitted = vec![];
    let feed = Feed::direct((0..count).map(Ok));
    let result = run(&Numbers(fault), feed, 0, &Pool::new(threads), None, &mut |output: &Vec<u8>| {
        emitted.extend_from_slice(output);
        if emitted.len() >= stop_after { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    (emitted, result.map(|ended| ended.seam))
}

fn expected(count: usize) -> Vec<u8> {
    (0..count).flat_map(|item| vec![item as u8; (item % 5).max(1)]).collect()
}

#[test]
fn output_comes_in_order_whatever_the_number_of_threads() {
    for threads in 1..=8 {
        let (emitted, result) = run_numbers(Fault::None, 100, threads, usize::MAX);
        assert_eq!(emitted, expected(100));
        assert_eq!(result.unwrap(), 100);
    }
}

#[test]
fn what_comes_before_an_error_is_emitted_and_nothing_else() {
    for threads in [1, 2, 4] {
        for round in 0..20 {
            for fault in [Fault::FailsToScan(round), Fault::FailsToFormat(round)] {
                let (emitted, result) = run_numbers(fault, 40, threads, usize::MAX);
                let mut before = expected(round);
                // What the stage has left in its output belongs to it.
                before.extend(matches!(fault, Fault::FailsToFormat(_)).then_some(round as u8));
                assert_eq!(emitted, before);
                assert_eq!(result.unwrap_err().offset(), Some(round as u64));
            }
        }
    }
}

#[test]
fn a_panic_of_a_worker_reaches_the_caller() {
    for fault in [Fault::PanicsInFormat(7), Fault::PanicsInJoin(7)] {
        for threads in [1, 2, 4] {
            let caught = catch_unwind(|| run_numbers(fault, 40, threads, usize::MAX));
            let message = *caught.unwrap_err().downcast::<String>().unwrap();
            assert!(message.ends_with("of 7"), "{message}");
        }
    }
}

#[test]
fn a_stop_ends_the_run_where_it_was_asked_for() {
    for threads in [1, 2, 4] {
        for stop_after in 1..30 {
            let (emitted, result) = run_numbers(Fault::None, 1_000, threads, stop_after);
            assert!(result.is_ok());
            assert_eq!(emitted, &expected(1_000)[..stop_after]);
        }
    }
}

#[test]
fn a_panic_after_the_stop_is_not_lost() {
    let finished = |fault| {
        catch_unwind(|| {
            let feed = Feed::direct((0..8).map(Ok));
            let wait = || {
                // The workers have come to the item that panics by now.
                std::thread::sleep(Duration::from_millis(30));
                ControlFlow::Break(())
            };
            run(&Numbers(fault), feed, 0, &Pool::new(4), None, &mut |_: &Vec<u8>| wait()).map(|_| ())
        })
    };
    assert!(finished(Fault::None).is_ok());
    assert!(finished(Fault::PanicsInFormat(1)).is_err());
}

#[test]
fn a_cancelled_run_emits_a_prefix_and_returns_what_was_carried() {
    for threads in [1, 2, 4] {
        for cancel_after in 1..30 {
            let (cancel, mut emitted) = (Cancel::new(), vec![]);
            let feed = Feed::direct((0..1_000_000).map(Ok));
            let mut emit = |output: &Vec<u8>| {
                emitted.extend_from_slice(output);
                if emitted.len() == cancel_after {
                    cancel.cancel();
                }
                ControlFlow::Continue(())
            };
            let carried = run(&Numbers(Fault::None), feed, 0, &Pool::new(threads), Some(&cancel), &mut emit);
            assert!((1..100).contains(&carried.unwrap().seam));
            assert_eq!(emitted, &expected(100)[..cancel_after]);
        }
    }
}

#[test]
fn a_run_that_was_cancelled_before_it_began_looks_at_nothing() {
    let cancel = Cancel::new();
    cancel.cancel();
    for threads in [1, 3] {
        let feed = Feed::direct((0..9).map(|_| -> Result<usize, Error> { panic!("an item was asked for") }));
        let carried = run(&Numbers(Fault::None), feed, 7, &Pool::new(threads), Some(&cancel), &mut |_: &Vec<u8>| {
            panic!("something was emitted")
        });
        assert_eq!(carried.unwrap().seam, 7);
    }
}

/// Reading from a pipe that says nothing is what the items stand for.
#[test]
fn a_run_that_waits_for_its_input_is_woken() {
    let (sender, items) = std::sync::mpsc::channel::<usize>();
    for _ in 0..3 {
        sender.send(0).unwrap();
    }
    let cancel = Cancel::new();
    let feed = Feed::prefetched(items.into_iter().enumerate().map(|(number, _)| Ok(number)), 2, |_| 0);
    let mut emitted = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(50));
            cancel.cancel();
        });
        let carried = run(&Numbers(Fault::None), feed, 0, &Pool::new(2), Some(&cancel), &mut |output: &Vec<u8>| {
            emitted += output.len();
            ControlFlow::Continue(())
        });
        assert!(carried.is_ok());
    });
    assert!(emitted <= 4);
    drop(sender);
}
