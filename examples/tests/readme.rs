//! Compares the program in the README with `quickstart.rs`.

#![allow(clippy::expect_used, reason = "a panic is how a test fails")]

#[test]
fn the_readme_shows_the_quickstart() {
    let readme = include_str!("../../README.md");
    let (_, after) = readme.split_once("```rust\n").expect("the README has a Rust block");
    let (shown, _) = after.split_once("```\n").expect("the block ends");
    assert_eq!(shown, include_str!("../src/bin/quickstart.rs"), "copy the program into the README");
    assert!(shown.lines().count() <= 60, "a program to be read in a minute");
}
