//! Flattening: construction of one class from the members of several, at compile time.

use super::variants::str_eq;
use crate::Class;

/// Maximum number of members of a class with flattened fields.
const MAX_MEMBERS: usize = 256;

/// Member names of a class with flattened fields, in order.
#[derive(Debug)]
pub struct FlattenedClass {
    names: [&'static str; MAX_MEMBERS],
    count: usize,
    dynamic: bool,
}

/// Consecutive members of a flattened class.
#[derive(Clone, Copy, Debug)]
pub enum ClassPart {
    /// Members of the struct itself.
    Own(&'static [&'static str]),
    /// Members of a flattened struct.
    Flattened(&'static Class),
}

impl FlattenedClass {
    /// Joins the parts. Conflicts between them are compile errors.
    ///
    /// # Panics
    ///
    /// Panics, at compile time, if two members have the same name, if two parts take undeclared members, or if there
    /// are more than 256 members.
    pub const fn new(parts: &[ClassPart], dynamic: bool) -> Self {
        let mut flat = Self { names: [""; MAX_MEMBERS], count: 0, dynamic };
        let mut rest = parts;
        while let [part, others @ ..] = rest {
            flat = match part {
                ClassPart::Own(names) => flat.with(names),
                ClassPart::Flattened(class) => flat.with_class(class),
            };
            rest = others;
        }
        flat
    }

    /// Returns the class with the joined members.
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
            assert!(!self.contains(name), "{}", ConstMessage::member_twice(name).as_str());
            assert!(self.count < MAX_MEMBERS, "a class with flattened members has at most 256 of them");
            #[allow(clippy::indexing_slicing, reason = "while the program is compiled")]
            {
                self.names[self.count] = name;
            }
            self.count += 1;
            rest = others;
        }
        self
    }

    const fn contains(&self, name: &str) -> bool {
        let mut rest = self.names.split_at(self.count).0;
        while let [known, others @ ..] = rest {
            if str_eq(known, name) {
                return true;
            }
            rest = others;
        }
        false
    }
}

/// Text that is assembled at compile time, where `format!` is not available.
struct ConstMessage {
    text: [u8; 512],
    len: usize,
}

impl ConstMessage {
    const fn member_twice(name: &str) -> Self {
        Self { text: [0; 512], len: 0 }
            .append("the member `")
            .append(name)
            .append("` is there twice: in the struct and in what it flattens, or in two that it flattens; `rename` one")
    }

    const fn append(mut self, more: &str) -> Self {
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
