//! The checker finds what it is there for, in small crates that are written here.

use std::path::PathBuf;

use super::compare;
use super::graph::Graph;
use super::scan::Files;

/// A crate whose table is `bottom`, `middle`, `top`.
fn graph(files: &[(&str, &str)]) -> Graph {
    let files: Files = files.iter().map(|&(path, text)| (PathBuf::from(path), text.to_owned())).collect();
    Graph::new("small", &["bottom", "middle", "top"], &files).unwrap()
}

/// The crate's root, and the text of each room.
fn rooms(root: &str, [bottom, middle, top]: [&str; 3]) -> Graph {
    let root = format!("mod bottom; mod middle; mod top; {root}");
    graph(&[("lib.rs", &root), ("bottom.rs", bottom), ("middle/mod.rs", middle), ("top.rs", top)])
}

fn names(found: std::collections::BTreeMap<String, String>) -> Vec<String> {
    found.into_keys().collect()
}

#[test]
fn imports_from_below_are_fine() {
    let graph =
        rooms("", ["pub struct A;", "use crate::bottom::A;", "use crate::{bottom::A, middle::B as C};"]);
    assert_eq!(graph.problems(), [""; 0]);
    assert_eq!((graph.rooms(), graph.arrows(), graph.imports()), (3, 3, 3));
    assert_eq!(names(graph.upward()), [""; 0]);
    assert_eq!(names(graph.circles()), [""; 0]);
}

#[test]
fn an_import_from_above_is_found() {
    let graph = rooms("", ["\nuse crate::top::A;", "", ""]);
    assert_eq!(names(graph.circles()), [""; 0]);
    let upward = graph.upward();
    assert_eq!(
        upward.get("small: upward bottom -> top").unwrap(),
        "  bottom -> top\n    small/src/bottom.rs:2 crate::top::A\n"
    );
    assert_eq!(upward.len(), 1);
}

#[test]
fn a_circle_of_two_is_found() {
    let graph = rooms("", ["", "use super::top::A;", "fn f() {\n    let _ = crate::middle::B;\n}"]);
    let circles = graph.circles();
    assert_eq!(
        circles.get("small: circle middle -> top -> middle").unwrap(),
        "  middle -> top\n    small/src/middle/mod.rs:1 crate::top::A\n  \
         top -> middle\n    small/src/top.rs:2 crate::middle::B\n"
    );
    assert_eq!(circles.len(), 1);
}

#[test]
fn a_circle_of_three_is_found_once() {
    let graph = rooms("", ["use crate::top::A;", "use crate::bottom::A;", "use crate::middle::A;"]);
    assert_eq!(names(graph.circles()), ["small: circle bottom -> top -> middle -> bottom"]);
    assert_eq!(names(graph.upward()), ["small: upward bottom -> top"]);
}

#[test]
fn names_of_the_root_are_followed_to_their_room() {
    let root =
        "pub use top::{self as summit, inner::{A, B as C}}; pub use C as D; pub use std::fmt; pub struct E;";
    let upward = |bottom| {
        let graph = rooms(root, [bottom, "", ""]);
        assert_eq!(graph.problems(), [""; 0], "{bottom}");
        !graph.upward().is_empty()
    };
    for bottom in ["use crate::A;", "use super::C;", "use crate::{D};", "use crate::summit::F;"] {
        assert!(upward(bottom), "{bottom}");
    }
    for bottom in ["use crate::E;", "use crate::fmt;", "use top::A;", "use std::top::A;"] {
        assert!(!upward(bottom), "{bottom}");
    }
}

#[test]
fn an_unknown_name_of_the_root_is_a_problem() {
    for bottom in ["use crate::Missing;", "use crate::*;", "use super::*;"] {
        assert_eq!(rooms("pub use top::*;", [bottom, "", ""]).problems().len(), 1, "{bottom}");
    }
}

#[test]
fn paths_are_found_wherever_they_stand() {
    let bottoms = [
        "use crate::top;",
        "pub(crate) use crate::top::{self};",
        "use {std::fmt, crate::{top::*}};",
        "fn f() -> crate::top::A { todo!() }",
        "fn f() -> impl Sized + use<> { crate::top::a() }",
        "fn f() { format!(\"{}\", crate::top::a()) }",
        "macro_rules! m { ($a:ident) => { $crate::top::$a } }",
        "mod inner { use super::super::top::A; }",
        "mod inner { fn f() { super::super::top::a(); } }",
        "fn f() { use crate::top::A; }",
        "impl super::top::A for u8 {}",
        "#[derive(crate::top::A)] struct B;",
        "fn f() { #[cfg(feature = \"x\")] crate::top::a(); }",
        "#[cfg(not(test))] use crate::top::A;",
        "#[cfg(test)] use crate::middle::B; use crate::top::A;",
        "#[cfg(test)] mod tests { use crate::middle::B; } use crate::top::A;",
        "struct B { #[cfg(test)] a: u8, b: crate::top::A }",
    ];
    for bottom in bottoms {
        let graph = rooms("", [bottom, "", ""]);
        assert_eq!(names(graph.upward()), ["small: upward bottom -> top"], "{bottom}");
    }
}

#[test]
fn tests_documentation_and_the_own_room_do_not_count() {
    let bottoms = [
        "#[cfg(test)] mod tests { use crate::top::A; }",
        "#[cfg(test)] mod tests;",
        "#[cfg(all(test, feature = \"x\"))] mod tests { use crate::top::A; }",
        "#[cfg(test)] use crate::top::{A, B};",
        "#[cfg(test)] #[allow(unused)] fn f<A, B>() { crate::top::a() }",
        "#![allow(unused)] //! See [`crate::top::A`].",
        "/// See [`crate::top::A`].\nfn f() {} // crate::top::A",
        "const A: &str = \"crate::top::A\";",
        "mod top { pub struct A; } use self::top::A; use crate::bottom::top::A as B;",
        "mod top {} mod other { use super::top::A; pub(in crate::bottom) struct C; }",
        "use other::crate_name::top::A;",
    ];
    for bottom in bottoms {
        let graph = rooms("", [bottom, "", ""]);
        assert_eq!((graph.arrows(), graph.problems().len()), (0, 0), "{bottom}");
    }
}

#[test]
fn modules_in_files_and_folders_belong_to_their_room() {
    let graph = graph(&[
        ("lib.rs", "mod bottom; pub mod top;"),
        ("bottom/mod.rs", "mod inner;"),
        ("bottom/inner.rs", "mod deepest;"),
        ("bottom/inner/deepest.rs", "use super::super::super::top::A; use super::super::B;"),
        ("top.rs", ""),
        ("never/declared.rs", "use crate::middle::A;"),
    ]);
    assert_eq!(names(graph.upward()), ["small: upward bottom -> top"]);
    assert_eq!((graph.rooms(), graph.imports()), (2, 1));
}

#[test]
fn a_room_of_several_modules_has_no_arrows_within() {
    let files = [("lib.rs", "mod a; mod b;"), ("a.rs", "use crate::b::B;"), ("b.rs", "use crate::a::A;")];
    let files: Files = files.iter().map(|&(path, text)| (PathBuf::from(path), text.to_owned())).collect();
    let of = |layers: &[&str]| Graph::new("small", layers, &files).unwrap();
    assert_eq!((of(&["both = a b"]).rooms(), of(&["both = a b"]).arrows()), (1, 0));
    assert_eq!(of(&["a", "b"]).circles().len(), 1);
}

#[test]
fn a_room_that_is_not_in_the_table_is_a_problem() {
    let graph = graph(&[("lib.rs", "mod bottom {} mod attic {}")]);
    let [problem] = graph.problems() else { panic!("{:?}", graph.problems()) };
    assert!(problem.contains("`attic` is not in the table: add it"), "{problem}");
}

#[test]
fn a_missing_file_is_an_error() {
    let files = Files::from([(PathBuf::from("lib.rs"), "mod bottom;".to_owned())]);
    assert_eq!(Graph::new("small", &["bottom"], &files).unwrap_err(), "small: bottom/mod.rs is missing");
}

#[test]
fn exported_macros_belong_to_the_room_that_defines_them() {
    let graph =
        rooms("", ["fn f() { crate::shout!() }", "", "#[macro_export] macro_rules! shout { () => {} }"]);
    assert_eq!(graph.problems().len(), 0);
    // A path of one segment behind `crate::`, as `use crate::shout` is.
    assert_eq!(names(graph.upward()), ["small: upward bottom -> top"]);
}

#[test]
fn a_circle_of_siblings_within_a_room_is_found() {
    let files = |a: &'static str, b: &'static str| {
        [
            ("lib.rs", "mod top;"),
            ("top/mod.rs", "mod a; mod b; mod deep; pub use b::B; pub struct T;"),
            ("top/a.rs", a),
            ("top/b.rs", b),
            ("top/deep/mod.rs", "mod inner; mod other;"),
            ("top/deep/inner.rs", "use super::super::T; use super::other::O;"),
            ("top/deep/other.rs", "use crate::top::a::A;"),
        ]
    };
    let circles = |a, b| graph(&files(a, b)).sibling_circles();
    let found = circles("use super::B;", "fn f() {}\nuse super::a::{A, C};");
    assert_eq!(
        found.get("small: circle top::a -> top::b -> top::a").unwrap(),
        "  top::a -> top::b\n    small/src/top/a.rs:1 crate::top::B\n  \
         top::b -> top::a\n    small/src/top/b.rs:2 crate::top::a::A\n    small/src/top/b.rs:2 crate::top::a::C\n"
    );
    assert_eq!(found.len(), 1);
    for (a, b) in [
        ("use super::T; use crate::top::b::B;", "use super::T;"),
        ("use super::b::B;", "#[cfg(test)] mod tests { use super::super::a::A; }"),
        ("use super::b::B;", "use std::fmt; mod inner { use super::B; }"),
    ] {
        assert_eq!(names(circles(a, b)), [""; 0], "{a} {b}");
    }
    let through_a_child = circles("use super::deep::X;", "");
    assert_eq!(names(through_a_child), ["small: circle top::a -> top::deep -> top::a"]);
}

#[test]
fn what_is_known_is_allowed_until_it_is_gone() {
    let found = rooms("", ["use crate::top::A;", "", ""]).upward();
    let name = "small: upward bottom -> top";
    assert_eq!(compare(&found, &[name]), [""; 0]);
    assert!(compare(&found, &[]).concat().starts_with("small: upward bottom -> top\n  bottom -> top\n"));
    let gone = compare(&found, &[name, "small: circle a -> b -> a"]).concat();
    assert!(gone.contains("delete it from KNOWN: \"small: circle a -> b -> a\""), "{gone}");
}
