//! The modules of a crate as the compiler sees them: items, and the paths by which they name others.

use proc_macro2::{TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// Path of a module from the root of the crate; `[]` is the root.
pub type ModulePath = Vec<String>;

/// One file of Rust, without what is compiled for tests alone.
#[derive(Default)]
pub struct Module {
    /// Its file below `src`.
    pub file: String,
    /// Names of its items: types, functions, constants, traits.
    pub items: BTreeSet<String>,
    /// Its types and their lines: `struct`, `enum`, `trait`, `type`, `union`.
    pub types: Vec<(String, usize)>,
    /// Its functions: name, first line, lines from `fn` to the closing brace.
    pub functions: Vec<(String, usize, usize)>,
    /// Paths that it hands on under a name (`pub use`).
    handed_on: Vec<(String, Vec<String>)>,
    /// Paths that it names otherwise.
    named: Vec<Vec<String>>,
}

/// All modules of a crate.
#[derive(Default)]
pub struct Crate {
    /// By path.
    pub modules: BTreeMap<ModulePath, Module>,
}

impl Crate {
    /// Reads every file below `src`.
    pub fn read(src: &Path) -> Self {
        let mut files = Vec::new();
        super::rust_files(src, &mut files);
        files.sort();
        Self::of(files.iter().map(|file| {
            let name = file.strip_prefix(src).unwrap().to_str().unwrap();
            (name.to_owned(), std::fs::read_to_string(file).unwrap())
        }))
    }

    /// Reads texts by the name of their file below `src`.
    pub fn of(files: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut modules = BTreeMap::new();
        for (file, text) in files {
            let mut path: ModulePath = file
                .trim_end_matches(".rs")
                .split('/')
                .map(str::to_owned)
                .collect();
            if matches!(
                path.last().map(String::as_str),
                Some("mod" | "lib" | "main")
            ) {
                path.pop();
            }
            // The program's own root has nothing but a call.
            if file == "main.rs" || path.last().is_some_and(|name| name == "tests") {
                continue;
            }
            let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
            let mut module = Module {
                file,
                ..Module::default()
            };
            Reader(&mut module).visit_file(&parsed);
            modules.insert(path, module);
        }
        Self { modules }
    }

    /// The module that defines what `path`, written in `module`, names; `None` outside of the crate.
    fn target(&self, module: &[String], path: &[String]) -> Option<ModulePath> {
        let mut at = module.to_vec();
        let mut rest = path;
        let mut anchored = false;
        while let Some((first, after)) = rest.split_first() {
            match first.as_str() {
                "crate" => at.clear(),
                "self" => {}
                "super" => {
                    at.pop();
                }
                _ => break,
            }
            anchored = true;
            rest = after;
        }
        let child = |at: &ModulePath, name: &String| {
            let mut below = at.clone();
            below.push(name.clone());
            self.modules.contains_key(&below).then_some(below)
        };
        if !anchored && child(&at, rest.first()?).is_none() {
            return None;
        }
        while let Some(below) = rest.first().and_then(|name| child(&at, name)) {
            at = below;
            rest = &rest[1..];
        }
        let (Some(name), Some(here)) = (rest.first(), self.modules.get(&at)) else {
            return Some(at);
        };
        if !here.items.contains(name)
            && let Some((_, origin)) = here.handed_on.iter().find(|(to, _)| to == name)
            && let Some(found) = self.target(&at, origin)
        {
            return Some(found);
        }
        Some(at)
    }

    /// Every import: from, to.
    pub fn imports(&self) -> BTreeSet<(ModulePath, ModulePath)> {
        let mut found = BTreeSet::new();
        for (from, module) in &self.modules {
            for path in &module.named {
                found.extend(self.target(from, path).map(|to| (from.clone(), to)));
            }
        }
        found.retain(|(from, to)| from != to);
        found
    }
}

/// Fills a module.
struct Reader<'a>(&'a mut Module);

fn for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || (attribute.path().is_ident("cfg")
                && attribute
                    .meta
                    .require_list()
                    .is_ok_and(|list| list.tokens.to_string() == "test"))
    })
}

fn leaves(tree: &syn::UseTree, before: &[String], found: &mut Vec<(String, Vec<String>)>) {
    let with = |name: &syn::Ident| {
        let mut path = before.to_vec();
        path.push(name.to_string());
        path
    };
    match tree {
        syn::UseTree::Path(path) => leaves(&path.tree, &with(&path.ident), found),
        syn::UseTree::Group(group) => {
            for tree in &group.items {
                leaves(tree, before, found);
            }
        }
        syn::UseTree::Name(name) if name.ident == "self" => {
            found.push((before.last().cloned().unwrap_or_default(), before.to_vec()));
        }
        syn::UseTree::Name(name) => found.push((name.ident.to_string(), with(&name.ident))),
        syn::UseTree::Rename(rename) => {
            found.push((rename.rename.to_string(), with(&rename.ident)));
        }
        syn::UseTree::Glob(_) => found.push(("*".into(), before.to_vec())),
    }
}

impl Reader<'_> {
    fn function(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let (first, last) = (
            signature.fn_token.span().start().line,
            block.span().end().line,
        );
        self.0
            .functions
            .push((signature.ident.to_string(), first, last + 1 - first));
    }

    /// Paths inside the arguments of macros, which are no syntax yet.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) if colons == 2 || path.is_empty() => {
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' && !path.is_empty() => colons += 1,
                other => {
                    self.path(std::mem::take(&mut path));
                    colons = 0;
                    match other {
                        TokenTree::Group(group) => self.tokens(group.stream()),
                        TokenTree::Ident(name) => path.push(name.to_string()),
                        _ => {}
                    }
                }
            }
        }
        self.path(path);
    }

    fn path(&mut self, path: Vec<String>) {
        if path.len() > 1 {
            self.0.named.push(path);
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        use syn::Item::{Const, Enum, Fn, Macro, Mod, Static, Struct, Trait, Type, Union};
        let (attributes, name, is_type) = match item {
            Const(item) => (&item.attrs, Some(&item.ident), false),
            Static(item) => (&item.attrs, Some(&item.ident), false),
            Fn(item) => (&item.attrs, Some(&item.sig.ident), false),
            Enum(item) => (&item.attrs, Some(&item.ident), true),
            Struct(item) => (&item.attrs, Some(&item.ident), true),
            Trait(item) => (&item.attrs, Some(&item.ident), true),
            Type(item) => (&item.attrs, Some(&item.ident), true),
            Union(item) => (&item.attrs, Some(&item.ident), true),
            Mod(item) => (&item.attrs, None, false),
            Macro(item) => (&item.attrs, item.ident.as_ref(), false),
            syn::Item::Impl(item) => (&item.attrs, None, false),
            syn::Item::Use(item) => (&item.attrs, None, false),
            _ => return visit::visit_item(self, item),
        };
        if for_tests(attributes) {
            return;
        }
        if let Some(name) = name {
            self.0.items.insert(name.to_string());
            if is_type {
                self.0
                    .types
                    .push((name.to_string(), name.span().start().line));
            }
        }
        visit::visit_item(self, item);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let mut found = Vec::new();
        leaves(&item.tree, &[], &mut found);
        if matches!(item.vis, syn::Visibility::Inherited) {
            self.0.named.extend(found.into_iter().map(|(_, path)| path));
        } else {
            self.0.handed_on.extend(found);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !for_tests(&item.attrs) {
            self.function(&item.sig, &item.block);
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.function(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.path(
            path.segments
                .iter()
                .map(|part| part.ident.to_string())
                .collect(),
        );
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }
}
