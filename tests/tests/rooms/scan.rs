//! Reads the modules of a crate and finds the paths in them that begin at the crate's root.
//!
//! Sources are scanned token by token, so paths in function bodies and in the input of macros count as imports too.
//! Documentation does not count, and neither does anything behind `#[cfg(test)]`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// The files of a crate's `src` folder, by their path within it.
pub(crate) type Files = BTreeMap<PathBuf, String>;

/// A path from the crate's root that a module mentions.
#[derive(Clone, Debug)]
pub(crate) struct Import {
    pub(crate) file: PathBuf,
    pub(crate) line: usize,
    /// The module that mentions it; empty for the crate's root.
    pub(crate) module: Vec<String>,
    /// The segments behind `crate::`; the last is `*` for a glob.
    pub(crate) path: Vec<String>,
}

/// What the modules of a crate contain.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// Top-level modules.
    pub(crate) rooms: BTreeSet<String>,
    /// All modules, by their path.
    pub(crate) modules: BTreeSet<Vec<String>>,
    pub(crate) imports: Vec<Import>,
    /// The `use` declarations of each module without globs: a name, and the path from the root that it stands for.
    pub(crate) uses: BTreeMap<Vec<String>, BTreeMap<String, Vec<String>>>,
    /// The `use` declarations of the root without globs: a name, and the path that it stands for.
    pub(crate) exports: BTreeMap<String, Vec<String>>,
    /// The names that the root defines itself.
    pub(crate) items: BTreeSet<String>,
    /// Macros with `#[macro_export]`, and the module that defines each.
    pub(crate) macros: BTreeMap<String, Vec<String>>,
}

impl Scan {
    /// Scans a crate from its `lib.rs` on. Fails with a message where a file is missing or not Rust.
    pub(crate) fn new(files: &Files) -> Result<Self, String> {
        let mut scan = Self::default();
        scan.file(files, Path::new("lib.rs"), Path::new(""), &[])?;
        Ok(scan)
    }

    /// `folder` is where the files of this module's child modules are.
    fn file(&mut self, files: &Files, file: &Path, folder: &Path, module: &[String]) -> Result<(), String> {
        let text = files.get(file).ok_or_else(|| format!("{} is missing", file.display()))?;
        let tokens: TokenStream =
            text.parse().map_err(|error| format!("{} is not Rust: {error}", file.display()))?;
        let place = Place { files, file, folder, module };
        self.tokens(&place, tokens)
    }

    fn tokens(&mut self, place: &Place<'_>, tokens: TokenStream) -> Result<(), String> {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        // Whether the attributes in front of the token at `at` export a macro.
        let mut is_exported = false;
        while let Some(token) = tokens.get(at) {
            let rest = &tokens[at..];
            match token {
                token if is(token, '#') => {
                    let inner = usize::from(is_punct(rest, 1, '!'));
                    let Some(TokenTree::Group(attribute)) = rest.get(1 + inner) else {
                        at += 1;
                        continue;
                    };
                    if is_for_tests(attribute) {
                        at += 2 + inner + item(&rest[2 + inner..]);
                        continue;
                    }
                    is_exported |= attribute.stream().to_string() == "macro_export";
                    self.tokens(place, attribute.stream())?;
                    at += 2 + inner;
                    continue;
                }
                TokenTree::Group(group) => {
                    // Bodies of functions and input of macros belong to the module around them.
                    self.tokens(place, group.stream())?;
                    at += 1;
                }
                TokenTree::Ident(word) if word == "use" && !is_punct(rest, 1, '<') => {
                    let end = rest.iter().position(|token| is(token, ';')).unwrap_or(rest.len());
                    self.use_tree(place, &rest[1..end], &[]);
                    at += end;
                }
                TokenTree::Ident(word) if word == "mod" => at += self.module(place, rest)?,
                TokenTree::Ident(word) if word == "macro_rules" => {
                    if let (true, Some(TokenTree::Ident(name))) = (is_exported, rest.get(2)) {
                        self.macros.insert(name.to_string(), place.module.to_vec());
                    }
                    at += 1;
                }
                TokenTree::Ident(_) if !follows_colons(&tokens, at) => {
                    if place.module.is_empty() {
                        self.define(rest);
                    }
                    at += self.inline_path(place, rest);
                }
                _ => at += 1,
            }
            is_exported = false;
        }
        Ok(())
    }

    /// A module in braces or in a file. Returns the number of tokens of the declaration.
    fn module(&mut self, place: &Place<'_>, rest: &[TokenTree]) -> Result<usize, String> {
        let Some(TokenTree::Ident(name)) = rest.get(1) else { return Ok(1) };
        let name = name.to_string();
        let module = [place.module, std::slice::from_ref(&name)].concat();
        let folder = place.folder.join(&name);
        match rest.get(2) {
            Some(TokenTree::Group(body)) if body.delimiter() == Delimiter::Brace => {
                self.add_module(place, &name);
                self.tokens(&Place { module: &module, folder: &folder, ..*place }, body.stream())?;
                Ok(3)
            }
            Some(token) if is(token, ';') => {
                self.add_module(place, &name);
                let own = place.folder.join(format!("{name}.rs"));
                let file = if place.files.contains_key(&own) { own } else { folder.join("mod.rs") };
                self.file(place.files, &file, &folder, &module)?;
                Ok(3)
            }
            _ => Ok(1),
        }
    }

    fn add_module(&mut self, place: &Place<'_>, name: &str) {
        if place.module.is_empty() {
            self.rooms.insert(name.to_owned());
        }
        self.modules.insert([place.module, &[name.to_owned()]].concat());
    }

    /// `prefix` is what stands in front of the braces that hold this tree.
    fn use_tree(&mut self, place: &Place<'_>, tree: &[TokenTree], prefix: &[(String, usize)]) {
        for branch in tree.split(|token| is(token, ',')) {
            let mut path = prefix.to_vec();
            let mut alias = None;
            let mut at = 0;
            let mut has_branches = false;
            while let Some(token) = branch.get(at) {
                match token {
                    TokenTree::Ident(word) if word == "as" => {
                        alias = branch.get(at + 1).map(ToString::to_string);
                        break;
                    }
                    TokenTree::Ident(word) => path.push((word.to_string(), word.span().start().line)),
                    TokenTree::Punct(star) if star.as_char() == '*' => {
                        path.push(("*".to_owned(), star.span().start().line));
                    }
                    TokenTree::Group(branches) => {
                        has_branches = true;
                        let branches: Vec<_> = branches.stream().into_iter().collect();
                        self.use_tree(place, &branches, &path);
                    }
                    _ => {}
                }
                at += 1;
            }
            if has_branches || path.len() == prefix.len() {
                continue;
            }
            if path.len() > 1 {
                // `use crate::room::{self}` is `use crate::room`.
                path.pop_if(|(last, _)| last == "self");
            }
            self.used(place, &path, alias);
        }
    }

    fn used(&mut self, place: &Place<'_>, path: &[(String, usize)], alias: Option<String>) {
        let segments: Vec<String> = path.iter().map(|(segment, _)| segment.clone()).collect();
        let line = path.last().map_or(0, |&(_, line)| line);
        if let Some(name) = alias.or_else(|| segments.last().cloned()).filter(|name| name != "*") {
            // A path may also begin with a child module, or with another crate.
            let from_root =
                absolute(place.module, &segments).unwrap_or_else(|| [place.module, &segments].concat());
            if place.module.is_empty() {
                self.exports.insert(name.clone(), from_root.clone());
            }
            self.uses.entry(place.module.to_vec()).or_default().insert(name, from_root);
        }
        self.import(place, line, &segments);
    }

    /// A path outside of `use`. Returns the number of its tokens.
    fn inline_path(&mut self, place: &Place<'_>, rest: &[TokenTree]) -> usize {
        let mut segments = Vec::new();
        let mut at = 0;
        let line = rest.first().map_or(0, |token| token.span().start().line);
        while let Some(TokenTree::Ident(segment)) = rest.get(at) {
            segments.push(segment.to_string());
            at += 1;
            if !(is_punct(rest, at, ':') && is_punct(rest, at + 1, ':')) {
                break;
            }
            at += 2;
        }
        if segments.len() > 1 {
            self.import(place, line, &segments);
        }
        at
    }

    fn import(&mut self, place: &Place<'_>, line: usize, segments: &[String]) {
        if let Some(path) = absolute(place.module, segments).filter(|path| !path.is_empty()) {
            let (file, module) = (place.file.to_owned(), place.module.to_vec());
            self.imports.push(Import { file, line, module, path });
        }
    }

    /// Returns the module that a path from the root leads to, through what modules re-export.
    pub(crate) fn module_of(&self, path: &[String]) -> Vec<String> {
        // Names that stand for one another do not lead anywhere.
        const MAX_REEXPORTS: usize = 16;
        let mut path = path.to_vec();
        let mut module = Vec::new();
        for _ in 0..MAX_REEXPORTS {
            let depth =
                (0..=path.len()).rev().find(|&depth| self.modules.contains(&path[..depth])).unwrap_or(0);
            module = path[..depth].to_vec();
            let Some(name) = path.get(depth) else { break };
            let Some(used) = self.uses.get(&module).and_then(|uses| uses.get(name)) else { break };
            // Another crate, or the name of a child module itself.
            if *used == path[..=depth] || !used.first().is_some_and(|first| self.rooms.contains(first)) {
                break;
            }
            path = [used, &path[depth + 1..]].concat();
        }
        module
    }

    /// Records an item that the root defines.
    fn define(&mut self, rest: &[TokenTree]) {
        const KINDS: [&str; 8] = ["const", "enum", "fn", "static", "struct", "trait", "type", "union"];
        if let [TokenTree::Ident(kind), TokenTree::Ident(name), ..] = rest
            && KINDS.iter().any(|known| kind == known)
        {
            self.items.insert(name.to_string());
        }
    }
}

/// Where tokens stand.
struct Place<'a> {
    files: &'a Files,
    file: &'a Path,
    folder: &'a Path,
    module: &'a [String],
}

/// Resolves `crate`, `super` and `self`. A path that begins with anything else stays in the module or leaves the crate.
fn absolute(module: &[String], segments: &[String]) -> Option<Vec<String>> {
    let first = segments.first()?;
    if first == "crate" {
        return Some(segments[1..].to_vec());
    }
    let mut base = module;
    let mut at = 0;
    if first == "self" {
        at = 1;
    }
    while segments.get(at).is_some_and(|segment| segment == "super") {
        base = base.split_last()?.1;
        at += 1;
    }
    (at > 0).then(|| [base, &segments[at..]].concat())
}

/// Whether an attribute leaves its item to tests: `cfg(test)`, also as a part of `all(…)`.
fn is_for_tests(attribute: &Group) -> bool {
    let text = attribute.stream().to_string().replace(' ', "");
    let Some(condition) = text.strip_prefix("cfg(").and_then(|text| text.strip_suffix(')')) else {
        return false;
    };
    condition == "test"
        || condition
            .strip_prefix("all(")
            .is_some_and(|all| all.trim_end_matches(')').split(',').any(|part| part == "test"))
}

/// The number of tokens of the item, field, or statement at the beginning of `rest`.
fn item(rest: &[TokenTree]) -> usize {
    const WITHOUT_BODY: [&str; 6] = ["use", "let", "static", "const", "type", "extern"];
    const WITH_BODY: [&str; 7] = ["mod", "fn", "impl", "struct", "enum", "trait", "macro_rules"];
    let word_of = |words: &[&str], token: &TokenTree| match token {
        TokenTree::Ident(word) => words.iter().any(|known| word == known),
        _ => false,
    };
    let head: Vec<&TokenTree> =
        rest.iter().take_while(|token| !is(token, ';') && !is(token, ',')).take(12).collect();
    let has_body = head.iter().any(|token| word_of(&WITH_BODY, token));
    let ends_with_semicolon = !has_body && head.iter().any(|token| word_of(&WITHOUT_BODY, token));
    let is_end = |token: &TokenTree| match token {
        TokenTree::Group(group) => !ends_with_semicolon && group.delimiter() == Delimiter::Brace,
        token => is(token, ';') || (!has_body && !ends_with_semicolon && is(token, ',')),
    };
    rest.iter().position(is_end).map_or(rest.len(), |end| end + 1)
}

fn is(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}

fn is_punct(tokens: &[TokenTree], at: usize, character: char) -> bool {
    tokens.get(at).is_some_and(|token| is(token, character))
}

fn follows_colons(tokens: &[TokenTree], at: usize) -> bool {
    at >= 2 && is(&tokens[at - 1], ':') && is(&tokens[at - 2], ':')
}
