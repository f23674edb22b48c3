//! The modules of `src`: which file each is in, what it defines, and which files its paths lead to.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use syn::{
    Attribute, Item, Signature, UseTree, Visibility,
    spanned::Spanned,
    visit::{self, Visit},
};

/// The whole of `src`, read once.
pub(crate) static TREE: LazyLock<Tree> = LazyLock::new(Tree::read);

/// The root of the repository: cargo says where it is when it runs tests.
pub(crate) fn root() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
}

/// A path of the source, as it was written: its segments, and whether the crate's root is its start.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) line: usize,
    /// `["super", "format", "Header"]`; the last one is `*` for a glob.
    pub(crate) segments: Vec<String>,
    pub(crate) is_use: bool,
    /// Stands where only tests are compiled.
    pub(crate) is_test: bool,
    /// The module that it stands in.
    module: String,
}

#[derive(Default)]
struct Module {
    file: PathBuf,
    /// Items that are neither modules nor imports.
    items: BTreeSet<String>,
    children: BTreeSet<String>,
    /// Names that imports bring in, with what they were imported from: more than one where systems differ.
    imported: BTreeMap<String, Vec<Vec<String>>>,
    /// Modules of which everything is imported.
    globs: Vec<Vec<String>>,
}

pub(crate) struct File {
    /// Below the root of the repository.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    /// The whole file is compiled for tests only.
    pub(crate) is_test: bool,
    pub(crate) written: Vec<Written>,
    pub(crate) functions: Vec<Function>,
}

#[derive(Default)]
pub(crate) struct Tree {
    pub(crate) files: BTreeMap<PathBuf, File>,
    modules: BTreeMap<String, Module>,
}

impl Tree {
    fn read() -> Tree {
        let mut tree = Tree::default();
        tree.read_file("src/lib.rs".into(), "crate", Path::new("src"), false);
        assert!(tree.files.len() > 100, "only {} files of src were found", tree.files.len());
        tree
    }

    /// The files that a path of the source leads to, where it leads into the crate. They are more than one where what
    /// is imported differs between systems.
    pub(crate) fn targets(&self, written: &Written) -> BTreeSet<&Path> {
        let mut found = BTreeSet::new();
        self.resolve(&written.module, &written.segments, 0, &mut found);
        found
    }

    fn resolve<'t>(&'t self, from: &str, segments: &[String], depth: usize, found: &mut BTreeSet<&'t Path>) {
        let Some((first, mut rest)) = segments.split_first().filter(|_| depth < 16) else { return };
        let module = &self.modules[from];
        let mut at = match first.as_str() {
            // The commands name the library as any other program does.
            "crate" | "mapgrep" => "crate".to_owned(),
            "self" => from.to_owned(),
            "super" => parent(from),
            child if module.children.contains(child) => format!("{from}::{child}"),
            // A name that an import of this module brought in.
            name => {
                for whole in module.imported.get(name).into_iter().flatten().filter(|whole| whole[..] != *segments) {
                    self.resolve(from, &[whole, rest].concat(), depth + 1, found);
                }
                return;
            }
        };
        while let Some((segment, behind)) = rest.split_first() {
            let module = &self.modules[&at];
            match segment.as_str() {
                "super" => at = parent(&at),
                "self" | "*" => {}
                child if module.children.contains(child) => at = format!("{at}::{child}"),
                item if module.items.contains(item) => break,
                // An export of what another module defines leads to that module.
                name => {
                    for whole in module.imported.get(name).into_iter().flatten() {
                        self.resolve(&at, &[whole, behind].concat(), depth + 1, found);
                    }
                    if !module.imported.contains_key(name) {
                        let mut through = BTreeSet::new();
                        module.globs.iter().for_each(|glob| self.resolve(&at, glob, depth + 1, &mut through));
                        through.retain(|file| self.defines(file, name));
                        found.extend(if through.is_empty() { BTreeSet::from([&*module.file]) } else { through });
                    }
                    return;
                }
            }
            rest = behind;
        }
        found.insert(&self.modules[&at].file);
    }

    fn defines(&self, file: &Path, name: &str) -> bool {
        self.modules.values().any(|module| module.file == file && module.items.contains(name))
    }

    fn read_file(&mut self, path: PathBuf, module: &str, directory: &Path, is_test: bool) {
        let text = fs::read_to_string(root().join(&path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let syntax = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut paths = Paths { module: module.to_owned(), is_test, written: vec![] };
        paths.visit_file(&syntax);
        self.read_items(&syntax.items, &path, module, directory, is_test);
        let mut functions = Functions::default();
        functions.visit_file(&syntax);
        let file = File { path: path.clone(), text, is_test, written: paths.written, functions: functions.0 };
        self.files.insert(path, file);
    }

    fn read_items(&mut self, items: &[Item], path: &Path, name: &str, directory: &Path, is_test: bool) {
        let mut module = Module { file: path.to_owned(), ..Module::default() };
        for item in items {
            match item {
                Item::Mod(child) => {
                    let ident = child.ident.to_string();
                    let is_test = is_test || is_for_tests(&child.attrs);
                    let (full, below) = (format!("{name}::{ident}"), directory.join(&ident));
                    match &child.content {
                        Some((_, items)) => self.read_items(items, path, &full, &below, is_test),
                        None => {
                            let flat = directory.join(format!("{ident}.rs"));
                            let exists = root().join(&flat).exists();
                            let file = if exists { flat } else { below.join("mod.rs") };
                            self.read_file(file, &full, &below, is_test);
                        }
                    }
                    module.children.insert(ident);
                }
                Item::Use(item) => {
                    for segments in leaves(&item.tree) {
                        match segments.last().map(|(last, _)| last.as_str()) {
                            Some("*") => module.globs.push(segments.into_iter().map(|(name, _)| name).collect()),
                            Some(_) => {
                                let name = segments.last().unwrap().1.clone();
                                let whole = segments.into_iter().map(|(name, _)| name).filter(|n| n != "self");
                                module.imported.entry(name).or_default().push(whole.collect());
                            }
                            None => {}
                        }
                    }
                }
                Item::Macro(item) => {
                    let names = names_in(&item.mac.tokens.to_string());
                    module.items.extend(item.ident.iter().map(ToString::to_string).chain(names));
                }
                item => module.items.extend(name_of(item)),
            }
        }
        self.modules.insert(name.to_owned(), module);
    }
}

fn parent(module: &str) -> String {
    module.rsplit_once("::").expect("the crate's root has no parent").0.to_owned()
}

/// Whether an item is compiled for tests only.
pub(crate) fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let is_cfg = attribute.path().is_ident("cfg");
        let names = attribute.meta.require_list().map(|list| names_in(&list.tokens.to_string())).unwrap_or_default();
        is_cfg && names.contains("test") && !names.contains("not")
    })
}

/// The identifiers in a text of tokens.
fn names_in(tokens: &str) -> BTreeSet<String> {
    let is_apart = |c: char| !c.is_alphanumeric() && c != '_';
    tokens.split(is_apart).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn name_of(item: &Item) -> Option<String> {
    Some(match item {
        Item::Const(item) => item.ident.to_string(),
        Item::Enum(item) => item.ident.to_string(),
        Item::Fn(item) => item.sig.ident.to_string(),
        Item::Static(item) => item.ident.to_string(),
        Item::Struct(item) => item.ident.to_string(),
        Item::Trait(item) => item.ident.to_string(),
        Item::TraitAlias(item) => item.ident.to_string(),
        Item::Type(item) => item.ident.to_string(),
        Item::Union(item) => item.ident.to_string(),
        _ => return None,
    })
}

/// The paths of a `use`, each segment with the name under which the last one is known here.
fn leaves(tree: &UseTree) -> Vec<Vec<(String, String)>> {
    let same = |name: String| (name.clone(), name);
    match tree {
        UseTree::Path(path) => {
            let first = path.ident.to_string();
            let with_first = |mut rest: Vec<(String, String)>| {
                // `use a::{self}` names `a`.
                if rest.len() == 1 && rest[0].0 == "self" && rest[0].1 == "self" {
                    rest[0].1 = first.clone();
                }
                [vec![same(first.clone())], rest].concat()
            };
            leaves(&path.tree).into_iter().map(with_first).collect()
        }
        UseTree::Name(name) => vec![vec![same(name.ident.to_string())]],
        UseTree::Rename(rename) => vec![vec![(rename.ident.to_string(), rename.rename.to_string())]],
        UseTree::Glob(_) => vec![vec![same("*".to_owned())]],
        UseTree::Group(group) => group.items.iter().flat_map(leaves).collect(),
    }
}

/// Collects the paths of a file.
struct Paths {
    module: String,
    is_test: bool,
    written: Vec<Written>,
}

impl Paths {
    fn push(&mut self, line: usize, segments: Vec<String>, is_use: bool) {
        let (module, is_test) = (self.module.clone(), self.is_test);
        self.written.push(Written { line, segments, is_use, is_test, module });
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if item.content.is_none() {
            return;
        }
        let outer = (self.module.clone(), self.is_test);
        self.module = format!("{}::{}", self.module, item.ident);
        self.is_test |= is_for_tests(&item.attrs);
        visit::visit_item_mod(self, item);
        (self.module, self.is_test) = outer;
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let was_test = self.is_test;
        self.is_test |= is_for_tests(&item.attrs);
        for segments in leaves(&item.tree) {
            let segments = segments.into_iter().map(|(name, _)| name).collect();
            self.push(item.span().start().line, segments, true);
        }
        self.is_test = was_test;
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            let segments = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.push(path.span().start().line, segments, false);
        }
        visit::visit_path(self, path);
    }

    // Where items may be used is no use of them.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        let was_test = self.is_test;
        self.is_test |= is_for_tests(&item.attrs);
        visit::visit_item_fn(self, item);
        self.is_test = was_test;
    }
}

/// A function with a body, or the declaration of one.
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) lines: usize,
    /// `self` counts.
    pub(crate) parameters: usize,
}

#[derive(Default)]
struct Functions(Vec<Function>);

impl Functions {
    fn push(&mut self, signature: &Signature, end: usize) {
        let line = signature.span().start().line;
        let (name, parameters) = (signature.ident.to_string(), signature.inputs.len());
        self.0.push(Function { name, line, lines: end + 1 - line, parameters });
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.push(&item.sig, item.span().end().line);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.push(&item.sig, item.span().end().line);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.push(&item.sig, item.span().end().line);
        visit::visit_trait_item_fn(self, item);
    }
}
