//! Access rules of methods: one of `role = "admin"`, `logged_in` and `public`.

use syn::{Ident, LitStr};

use crate::attr::Setting;
use crate::errors::Errors;

/// Access rule of a method.
#[derive(Clone)]
pub(crate) enum Access {
    Public,
    LoggedIn,
    Role(LitStr),
}

/// Access rule that is parsed from one attribute.
#[derive(Default)]
pub(crate) struct AccessRule {
    given: Option<(Ident, Access)>,
}

impl AccessRule {
    /// Takes a setting and returns `true`, if the setting is an access rule. `with_public` allows `public`, which
    /// requires a rule that it can lift.
    pub(crate) fn take(&mut self, setting: &Setting, with_public: bool, errors: &mut Errors) -> bool {
        let access = match setting.text().as_str() {
            "role" => setting.text_value("a role's name is not empty", errors).map(Access::Role),
            "logged_in" => setting.flag(errors).map(|_| Access::LoggedIn),
            "public" if with_public => setting.flag(errors).map(|_| Access::Public),
            "public" => {
                errors.at(&setting.name, "everybody may call what has no rule: remove `public`");
                None
            }
            _ => return false,
        };
        match (&self.given, access) {
            (Some((first, _)), _) if *first == setting.name => {
                errors.at(&setting.name, format_args!("`{first}` is given twice; keep one of them"));
            }
            (Some((first, _)), _) => errors.at(
                &setting.name,
                format_args!("`{}` and `{first}` are two rules; keep one of them", setting.name),
            ),
            (None, Some(access)) => self.given = Some((setting.name.clone(), access)),
            (None, None) => {}
        }
        true
    }

    pub(crate) fn access(&self) -> Option<&Access> {
        self.given.as_ref().map(|(_, access)| access)
    }
}
