//! All conversations of a loop.

use std::collections::VecDeque;

use slab::Slab;
use socklab_core::{Machine, Observers, Session, Status};
use socklab_system::Permit;

use crate::conversation::Conversation;
use crate::model::Model;
use crate::timers::{ConversationId, Timers};
use crate::wire::Wire;

/// The conversations of a loop, their queue for turns, and their timers.
pub(crate) struct Conversations<L: Model, M, W: Observers> {
    pub(crate) slab: Slab<Conversation<L, M, W>>,
    /// Conversations that have something to do, in the order of their turns.
    pub(crate) queue: VecDeque<ConversationId>,
    pub(crate) timers: Timers,
    number: u64,
}

impl<L: Model, M: Machine, W: Observers> Conversations<L, M, W> {
    pub(crate) fn new() -> Self {
        Conversations {
            slab: Slab::new(),
            queue: VecDeque::new(),
            timers: Timers::default(),
            number: 0,
        }
    }

    pub(crate) fn get(&mut self, id: ConversationId) -> Option<&mut Conversation<L, M, W>> {
        let found = self.slab.get_mut(id.key)?;
        (found.id() == id).then_some(found)
    }

    pub(crate) fn insert(
        &mut self,
        session: Session<M, W::Observer>,
        wire: Wire<L>,
        permit: Option<Permit>,
    ) -> ConversationId {
        self.number += 1;
        let entry = self.slab.vacant_entry();
        let id = ConversationId {
            key: entry.key(),
            number: self.number,
        };
        entry.insert(Conversation::new(session, wire, id, permit));
        id
    }

    /// The ids of all conversations.
    pub(crate) fn ids(&self) -> Vec<ConversationId> {
        self.slab.iter().map(|(_, one)| one.id()).collect()
    }

    /// Called after anything has happened to a conversation. Removes it if it has ended, and
    /// returns its status. Otherwise arms its timer, and queues it if it wants a turn.
    pub(crate) fn reschedule(&mut self, id: ConversationId, model: &mut L) -> Option<Status> {
        let conversation = self.slab.get_mut(id.key)?;
        if let Some(status) = conversation.ended() {
            conversation.close(model);
            self.slab.remove(id.key);
            let slab = &self.slab;
            let lives = |id: ConversationId| slab.get(id.key).is_some_and(|one| one.id() == id);
            self.timers.drop_stale(slab.len(), lives);
            return Some(status);
        }
        if let Some(at) = conversation.deadline()
            && conversation.timer.is_none_or(|timer| at < timer)
        {
            conversation.timer = Some(at);
            self.timers.add(at, id);
        }
        if !conversation.queued && conversation.has_work() {
            conversation.queued = true;
            self.queue.push_back(id);
        }
        None
    }
}
