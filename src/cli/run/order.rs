//! The order in which files are searched.

use std::{cmp::Ordering, fs::Metadata, io, time::SystemTime};

use crate::cli::{
    flags::options::{Sort, SortBy},
    run::haystack::Haystack,
};

/// Files, or what went wrong where one was looked for.
pub(crate) type Found = Box<dyn Iterator<Item = Result<Haystack, String>> + Send>;

/// Puts what a walk finds, which is in the order of paths, in the order that is wanted. For any other all files have to
/// be found first. What went wrong is told before.
pub(crate) fn sorted(found: impl Iterator<Item = Result<Haystack, String>> + Send + 'static, sort: Sort) -> Found {
    let time = match sort.by {
        SortBy::Path if !sort.reverse => return Box::new(found),
        SortBy::Path => None,
        SortBy::Modified => Some(Metadata::modified as fn(&Metadata) -> io::Result<SystemTime>),
        SortBy::Accessed => Some(Metadata::accessed as fn(&Metadata) -> io::Result<SystemTime>),
        SortBy::Created => Some(Metadata::created as fn(&Metadata) -> io::Result<SystemTime>),
    };
    let (mut files, mut errors) = (vec![], vec![]);
    for file in found {
        match file {
            Ok(file) => {
                let time = time.and_then(|time| file.path.metadata().and_then(|metadata| time(&metadata)).ok());
                files.push((file, time));
            }
            Err(error) => errors.push(Err(error)),
        }
    }
    files.sort_by(|(one, one_time), (other, other_time)| {
        let ordering = match (one_time, other_time) {
            _ if sort.by == SortBy::Path => one.path.cmp(&other.path),
            (Some(one), Some(other)) => one.cmp(other),
            // Those without a time come last.
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        if sort.reverse { ordering.reverse() } else { ordering }
    });
    Box::new(errors.into_iter().chain(files.into_iter().map(|(file, _)| Ok(file))))
}
