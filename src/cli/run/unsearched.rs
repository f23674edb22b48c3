//! Why a search of directories found no file to search.

use crate::cli::{
    flags::options::FileOptions,
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
        paths.walk_with(&filters, cancel).is_ok_and(|mut found| found.any(|file| file.is_ok()))
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
    let mut add = |is_there: bool, lift, what: String, cure| {
        if is_there {
            reasons.push(Reason { lift, what, cure });
        }
    };
    let globs = filters.globs.iter().map(|glob| format!("-g {glob}")).collect::<Vec<_>>().join(" ");
    add(!filters.globs.is_empty(), |f| f.globs.clear(), format!("excluded by {globs}"), "");
    let depth = filters.max_depth.unwrap_or(0);
    add(filters.max_depth.is_some(), |f| f.max_depth = None, format!("deeper than --max-depth {depth}"), "");
    let ignored = "named in .gitignore or a similar file".to_owned();
    // Before the hidden ones, since the files that name others are hidden.
    add(!filters.ignored, |f| f.ignored = true, ignored, "--no-ignore searches them too");
    add(!filters.hidden, |f| f.hidden = true, "hidden".to_owned(), "--hidden searches them too");
    add(!filters.follow, |f| f.follow = true, "symbolic links".to_owned(), "-L follows them");
    add(true, |f| f.indexes = true, "indexes, made by mapgrep-index".to_owned(), "");
    add(true, |f| f.output = true, "also the output".to_owned(), "");
    reasons
}
