//! Doubles of the services that cannot run in a lab: library modules, usable in-process and without root.
//!
//! Every double answers over a [`web::serve`] listener, keeps a record of each request ([`web::Record`]) and can be
//! told to fail ([`web::Faults`]). What a double does not imitate stands at the top of its own module.

pub mod gitlab;
pub mod proxmox;
pub mod web;
