//! Why a search of directories found no file to search.

use crate::cli::{
    flags::options::{FileOptions, NoIgnore, TypeChange},
    run::walk::{Filters, Paths},
};
use mapgrep::scan::Cancel;

/// A filter that may be why no file was found.
struct Reason {
    /// Takes the filter away.
    lift: fn(&mut Filters),
    /// What it passes over.
    what: String,
    /// What to do about it, if that is not plain.
    cure: &'static str,
}

/// Why none of these paths had a file to search, and which flag changes that: the filters without which there would be
/// one.
pub(crate) fn why(paths: &Paths, options: &FileOptions, cancel: &Cancel) -> String {
    let filters = Filters::of(options);
    let finds_without = |lifted: &[&Reason]| {
        let mut filters = filters.clone();
        lifted.iter().for_each(|reason| (reason.lift)(&mut filters));
        paths.walk_with(&filters, 0, cancel).is_ok_and(|mut found| found.any(|file| file.is_ok()))
    };
    let reasons = reasons(&filters);
    let mut needed: Vec<&Reason> = reasons.iter().collect();
    let begin = "no files were searched";
    if !finds_without(&needed) {
        return format!("{begin}: there are none {}", paths.place());
    }
    for reason in reasons.iter().rev() {
        let others: Vec<&Reason> = needed.iter().copied().filter(|other| !std::ptr::eq(*other, reason)).collect();
        if finds_without(&others) {
            needed = others;
        }
    }
    let what = needed.iter().map(|reason| reason.what.as_str()).collect::<Vec<_>>().join(", or ");
    let cures: String =
        needed.iter().filter(|reason| !reason.cure.is_empty()).map(|reason| format!("; {}", reason.cure)).collect();
    format!("{begin}: all {} are {what}{cures}", paths.place())
}

/// The filters that are there, those first that people meet most often.
fn reasons(filters: &Filters) -> Vec<Reason> {
    let mut reasons = vec![];
    let mut add = |is_there: bool, lift: fn(&mut Filters), what: String, cure| {
        if is_there {
            reasons.push(Reason { lift, what, cure });
        }
    };
    let options = &filters.options;
    let mut globs: Vec<String> = options.globs.iter().map(|glob| format!("-g {glob}")).collect();
    globs.extend(options.iglobs.iter().map(|glob| format!("--iglob {glob}")));
    let take_globs = |f: &mut Filters| {
        f.options.globs.clear();
        f.options.iglobs.clear();
    };
    add(!globs.is_empty(), take_globs, format!("excluded by {}", globs.join(" ")), "");
    let types: Vec<String> = options.types.iter().filter_map(choice_of_type).collect();
    add(!types.is_empty(), |f| f.options.types.clear(), format!("excluded by {}", types.join(" ")), "");
    let depth = options.max_depth.unwrap_or(0);
    let is_deep = options.max_depth.is_some();
    add(is_deep, |f| f.options.max_depth = None, format!("deeper than --max-depth {depth}"), "");
    let size = options.max_filesize.unwrap_or(0);
    let is_large = options.max_filesize.is_some();
    add(is_large, |f| f.options.max_filesize = None, format!("larger than --max-filesize {size}"), "");
    let elsewhere = "in another file system".to_owned();
    add(options.one_file_system, |f| f.options.one_file_system = false, elsewhere, "");
    let ignored = "named in .gitignore or a similar file".to_owned();
    // Before the hidden ones, since the files that name others are hidden.
    let all = NoIgnore { dot: true, exclude: true, files: true, global: true, parent: true, vcs: true };
    let heeds = options.no_ignore != all;
    let take_ignored = |f: &mut Filters| {
        f.options.no_ignore.set_all(true);
        f.options.no_ignore.files = true;
    };
    add(heeds, take_ignored, ignored, "--no-ignore searches them too");
    add(!options.hidden, |f| f.options.hidden = true, "hidden".to_owned(), "--hidden searches them too");
    add(!options.follow, |f| f.options.follow = true, "symbolic links".to_owned(), "-L follows them");
    add(true, |f| f.indexes = true, "indexes, made by mapgrep-index".to_owned(), "");
    add(true, |f| f.output = true, "also the output".to_owned(), "");
    reasons
}

/// The flag that chooses files by type, if this is one.
fn choice_of_type(change: &TypeChange) -> Option<String> {
    match change {
        TypeChange::Select(name) => Some(format!("-t {name}")),
        TypeChange::Negate(name) => Some(format!("-T {name}")),
        TypeChange::Add(_) | TypeChange::Clear(_) => None,
    }
}
