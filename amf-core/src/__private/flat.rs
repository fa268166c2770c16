//! Flattening: one class made of the members of several, when the program is compiled.

use super::choice::same;
use crate::Class;

/// As many members as a class with flattened ones may have.
const MOST: usize = 256;

/// The names of all members, in order.
#[derive(Debug)]
pub struct Flat {
    names: [&'static str; MOST],
    count: usize,
    dynamic: bool,
}

/// Members that follow each other.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    /// Those of the struct itself.
    Own(&'static [&'static str]),
    /// Those of a struct that it flattens.
    Of(&'static Class),
}

impl Flat {
    /// Joins the parts; what does not go together is an error of the compiler.
    pub const fn new(parts: &[Part], dynamic: bool) -> Self {
        let mut flat = Self { names: [""; MOST], count: 0, dynamic };
        let mut rest = parts;
        while let [part, others @ ..] = rest {
            flat = match part {
                Part::Own(names) => flat.with(names),
                Part::Of(class) => flat.with_class(class),
            };
            rest = others;
        }
        flat
    }

    /// The class.
    pub const fn class(&'static self, alias: &'static str) -> Class {
        let class = Class::new(alias, self.names.split_at(self.count).0);
        if self.dynamic { class.dynamic() } else { class }
    }

    const fn with_class(mut self, class: &Class) -> Self {
        if class.is_dynamic() {
            assert!(
                !self.dynamic,
                "two fields would take the members that are not declared: keep one `dynamic`, in the struct or in \
                 what it flattens"
            );
            self.dynamic = true;
        }
        self.with(class.members())
    }

    const fn with(mut self, names: &[&'static str]) -> Self {
        let mut rest = names;
        while let [name, others @ ..] = rest {
            assert!(!self.has(name), "{}", Message::member_twice(name).as_str());
            assert!(self.count < MOST, "a class with flattened members has at most 256 of them");
            #[allow(clippy::indexing_slicing, reason = "while the program is compiled")]
            {
                self.names[self.count] = name;
            }
            self.count += 1;
            rest = others;
        }
        self
    }

    const fn has(&self, name: &str) -> bool {
        let mut rest = self.names.split_at(self.count).0;
        while let [known, others @ ..] = rest {
            if same(known, name) {
                return true;
            }
            rest = others;
        }
        false
    }
}

/// Text that is put together while the program is compiled.
struct Message {
    text: [u8; 512],
    len: usize,
}

impl Message {
    const fn member_twice(name: &str) -> Self {
        Self { text: [0; 512], len: 0 }
            .then("the member `")
            .then(name)
            .then("` is there twice: in the struct and in what it flattens, or in two that it flattens; `rename` one")
    }

    const fn then(mut self, more: &str) -> Self {
        let mut rest = more.as_bytes();
        while let ([byte, others @ ..], true) = (rest, self.len < self.text.len()) {
            #[allow(clippy::indexing_slicing, reason = "while the program is compiled")]
            {
                self.text[self.len] = *byte;
            }
            self.len += 1;
            rest = others;
        }
        self
    }

    const fn as_str(&self) -> &str {
        match std::str::from_utf8(self.text.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "a member is there twice, in the struct and in what it flattens",
        }
    }
}
