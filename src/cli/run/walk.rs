//! What to search: the files that were named and those in directories that were named, in a fixed order.

use std::{
    collections::HashMap,
    ffi::OsString,
    fs::Metadata,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};
use ignore::{
    DirEntry, IncrementalIgnore, Walk, WalkBuilder,
    gitignore::GitignoreBuilder,
    overrides::Override,
    types::{Types, TypesBuilder},
};

use crate::cli::{
    flags::options::{FileOptions, NoIgnore, TypeChange},
    run::{
        ahead::Ahead,
        directory::{Directory, Entry, Rules, describe, in_order},
        globs::{self, Globs},
        haystack::Haystack,
        order::{self, Found},
    },
    terminal::{messages, stdout::FileId},
};
use mapgrep::{index::is_index, scan::Cancel};

/// The paths of the command line.
#[derive(Debug)]
pub(crate) struct Paths {
    paths: Vec<PathBuf>,
    /// None was given, and the current directory is searched.
    implicit: bool,
    /// Ignore files that are wrong are told of.
    ignore_messages: bool,
}

impl Paths {
    /// Takes what is left of the arguments; without any, standard input is searched if it has something to read.
    pub(crate) fn new(paths: Vec<OsString>, took_stdin: bool, ignore_messages: bool) -> Self {
        if !paths.is_empty() {
            let paths = paths.into_iter().map(PathBuf::from).collect();
            return Paths { paths, implicit: false, ignore_messages };
        }
        let implicit = took_stdin || !grep_cli::is_readable_stdin();
        Paths { paths: vec![if implicit { "./" } else { "-" }.into()], implicit, ignore_messages }
    }

    /// Takes all arguments, of which standard input is none unless it is named.
    pub(crate) fn to_list(paths: Vec<OsString>, ignore_messages: bool) -> Self {
        Self::new(paths, true, ignore_messages)
    }

    /// The one thing to search, when it is not a directory.
    ///
    /// # Errors
    ///
    /// When a glob or type is not valid, though it chooses nothing here.
    pub(crate) fn single(&self, options: &FileOptions) -> anyhow::Result<Option<Haystack>> {
        let single = match &self.paths[..] {
            [path] if path == Path::new("-") => Haystack::stdin(),
            [path] => {
                let metadata = path.metadata().ok();
                if metadata.as_ref().is_some_and(Metadata::is_dir) {
                    return Ok(None);
                }
                let len = metadata.filter(Metadata::is_file).map(|metadata| metadata.len());
                Haystack { path: path.clone(), is_stdin: false, explicit: true, len }
            }
            _ => return Ok(None),
        };
        // An empty set of types asks how many processors there are.
        if !options.types.is_empty() {
            all_types(&options.types)?;
        }
        globs(options)?;
        if !options.no_ignore.files {
            // Nothing is left out by them here, but one that is not there may be a slip.
            let errors = options.ignore_files.iter().filter_map(|path| GitignoreBuilder::new("").add(path));
            errors.for_each(|error| self.warn_of_ignore_file(&error));
        }
        Ok(Some(single))
    }

    /// True when no file or directory was named and the current directory stands in.
    pub(crate) fn is_implicit(&self) -> bool {
        self.implicit
    }

    /// Where these are, for people.
    pub(crate) fn place(&self) -> String {
        match &self.paths[..] {
            _ if self.implicit => "in this directory".to_owned(),
            [path] => format!("in {}", path.display()),
            _ => "in these directories".to_owned(),
        }
    }

    /// All files, in the order of the command line and within directories by name, until it is cancelled. So many
    /// threads may list directories besides the one that goes through the files.
    ///
    /// # Errors
    ///
    /// When a glob is not valid.
    pub(crate) fn walk(&self, options: &FileOptions, helpers: usize, cancel: &Cancel) -> anyhow::Result<Found> {
        self.walk_with(&Filters::of(options), helpers, cancel)
    }

    /// As [`walk`](Paths::walk), with other filters than those of the command line.
    pub(crate) fn walk_with(&self, filters: &Filters, helpers: usize, cancel: &Cancel) -> anyhow::Result<Found> {
        let options = &filters.options;
        let (first, rest) = self.paths.split_first().expect("there is always a path");
        let mut builder = WalkBuilder::new(first);
        for path in rest {
            builder.add(path);
        }
        let NoIgnore { dot, exclude, files, global, parent, vcs } = options.no_ignore;
        if !files {
            for path in &options.ignore_files {
                if let Some(error) = builder.add_ignore(path) {
                    self.warn_of_ignore_file(&error);
                }
            }
        }
        builder
            .hidden(!options.hidden)
            .parents(!parent)
            .ignore(!dot)
            .git_ignore(!vcs)
            .git_global(!(vcs || global))
            .git_exclude(!(vcs || exclude))
            .require_git(!options.no_require_git)
            .ignore_case_insensitive(options.ignore_file_case_insensitive)
            .follow_links(options.follow)
            .max_depth(options.max_depth)
            .max_filesize(options.max_filesize)
            .same_file_system(options.one_file_system)
            .skip_stdout(!filters.output)
            .types(types(&options.types)?)
            .overrides(globs(options)?)
            .sort_by_file_path(in_order);
        if !dot {
            builder.add_custom_ignore_filename(".rgignore");
        }
        // What is followed may be a loop, which has to be known from the directories above.
        let is_plain = cfg!(unix) && !options.follow && !options.one_file_system && options.max_depth != Some(0);
        if helpers > 0
            && is_plain
            && let Some(named) = self.named(&builder, cancel)
        {
            let rules = Rules {
                max_filesize: options.max_filesize,
                indexes: filters.indexes,
                output: if filters.output { None } else { FileId::of_stdout() },
                strip_dot: self.implicit,
            };
            let found = Ahead::new(named, rules, helpers, self.ignore_messages, cancel);
            return Ok(order::sorted(found, options.sort));
        }
        let haystacks = self.haystacks(builder.build(), filters.indexes, cancel);
        Ok(order::sorted(haystacks, options.sort))
    }

    fn haystacks(&self, walk: Walk, indexes: bool, cancel: &Cancel) -> Haystacks {
        let (strip_dot, ignore_messages) = (self.implicit, self.ignore_messages);
        Haystacks { walk, strip_dot, indexes, ignore_messages, cancel: cancel.clone() }
    }

    /// What was named: files, directories that are to be listed, and what is not there. `None` where ignore files of
    /// directories above are wrong, which only the walk of entries tells from those in the directories.
    fn named(&self, builder: &WalkBuilder, cancel: &Cancel) -> Option<Vec<Entry<Directory>>> {
        // The size of each file is looked at where it is found.
        let ignores = builder.clone().max_filesize(None).build_matchers();
        let ignores: HashMap<PathBuf, IncrementalIgnore> =
            ignores.into_iter().map(|ignore| (ignore.root().to_owned(), ignore)).collect();
        let mut haystacks = self.haystacks(builder.clone().max_depth(Some(0)).build(), false, cancel);
        let mut named = vec![];
        while let Some(entry) = haystacks.walk.next() {
            match entry {
                Ok(entry) if is_dir(&entry) => {
                    let ignore = ignores.get(entry.path())?.clone();
                    named.push(Entry::Directory(Directory::named(ignore)));
                }
                Ok(entry) => named.extend(haystacks.haystack(entry).map(Entry::File)),
                Err(error) if error.io_error().is_some() => named.push(Entry::Failed(describe(&error))),
                Err(_) => return None,
            }
        }
        Some(named)
    }

    fn warn_of_ignore_file(&self, error: &ignore::Error) {
        if self.ignore_messages {
            messages::print(describe(error));
        }
    }
}

fn globs(options: &FileOptions) -> anyhow::Result<Override> {
    globs::overrides(&[
        Globs { flag: "-g", globs: &options.globs, ignore_case: options.glob_case_insensitive },
        Globs { flag: "--iglob", globs: &options.iglobs, ignore_case: true },
    ])
}

/// The types of files, and which of them are searched.
fn types(changes: &[TypeChange]) -> anyhow::Result<Types> {
    // The globs of all types are compiled otherwise.
    if changes.is_empty() { Ok(Types::empty()) } else { all_types(changes) }
}

/// All types of files.
///
/// # Errors
///
/// When there is no such type, or a new one is not written as it has to be.
pub(crate) fn all_types(changes: &[TypeChange]) -> anyhow::Result<Types> {
    let mut builder = TypesBuilder::new();
    builder.add_defaults();
    for change in changes {
        match change {
            TypeChange::Clear(name) => _ = builder.clear(name),
            TypeChange::Select(name) => _ = builder.select(name),
            TypeChange::Negate(name) => _ = builder.negate(name),
            TypeChange::Add(definition) => {
                builder.add_def(definition).with_context(|| format!("--type-add {definition}"))?;
            }
        }
    }
    builder.build().map_err(|error| anyhow!("{error}; --type-list shows the types that there are"))
}

/// Which of the files in directories are searched.
#[derive(Clone, Debug)]
pub(crate) struct Filters {
    pub(crate) options: FileOptions,
    /// The index files of mapgrep-index too.
    pub(crate) indexes: bool,
    /// The file that standard output is too.
    pub(crate) output: bool,
}

impl Filters {
    pub(crate) fn of(options: &FileOptions) -> Self {
        Filters { options: options.clone(), indexes: false, output: false }
    }
}

struct Haystacks {
    walk: Walk,
    /// Names are shown without "./" when nobody wrote it.
    strip_dot: bool,
    /// What an index has of its text is found in the text.
    indexes: bool,
    /// Ignore files that are wrong are told of.
    ignore_messages: bool,
    cancel: Cancel,
}

impl Iterator for Haystacks {
    type Item = Result<Haystack, String>;

    fn next(&mut self) -> Option<Self::Item> {
        // Where nothing is to be searched it may go on for long.
        while !self.cancel.is_cancelled() {
            match self.walk.next()? {
                Ok(entry) => {
                    if self.ignore_messages
                        && let Some(error) = entry.error()
                    {
                        messages::print(describe(error));
                    }
                    if let Some(haystack) = self.haystack(entry) {
                        return Some(Ok(haystack));
                    }
                }
                Err(error) => return Some(Err(describe(&error))),
            }
        }
        None
    }
}

impl Haystacks {
    fn haystack(&self, entry: DirEntry) -> Option<Haystack> {
        if entry.is_stdin() {
            return Some(Haystack::stdin());
        }
        let explicit = entry.depth() == 0 && !is_dir(&entry);
        if !explicit && !entry.file_type().is_some_and(|kind| kind.is_file()) {
            return None;
        }
        let path = entry.into_path();
        if !explicit && !self.indexes && is_index(&path) {
            return None;
        }
        let path = match path.strip_prefix("./") {
            Ok(stripped) if self.strip_dot => stripped.to_owned(),
            _ => path,
        };
        Some(Haystack { path, is_stdin: false, explicit, len: None })
    }
}

/// True for directories, and for links to some that were named on the command line.
fn is_dir(entry: &DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_dir()) || (entry.path_is_symlink() && entry.path().is_dir())
}
