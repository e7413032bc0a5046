//! Tests of the web front through HTTP requests to the router, with an in-memory backend.
#![allow(clippy::unwrap_used, clippy::panic)]

mod answer_sizes;
mod any_body;
mod approvers;
mod calls;
mod commands;
mod confirmation;
mod decision;
mod files;
mod flow;
mod gateway;
mod languages;
mod limit;
mod log;
mod looks;
mod mine;
mod openapi;
mod passkeys;
mod preview;
mod reading;
mod renewal;
mod repeated;
mod review;
mod revocations;
mod site;
mod submission;
