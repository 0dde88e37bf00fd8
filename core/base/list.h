/* SPDX-License-Identifier: MIT */
/*
 * list.h - intrusive circular doubly linked list
 *
 * A node is in at most one list. A node whose next is NULL is in none, so zeroed
 * memory is a valid unlinked node; a head must be initialised.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include "base/types.h"

struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *head) { head->next = head->prev = head; }
static inline bool list_empty(const struct list *head) { return head->next == head; }
static inline bool list_linked(const struct list *node) { return node->next != NULL; }

static inline void list_add_tail(struct list *head, struct list *node)
{
	assert(!list_linked(node));
	node->prev = head->prev;
	node->next = head;
	head->prev->next = node;
	head->prev = node;
}

/** Unlink @node; harmless when it is in no list. */
static inline void list_del(struct list *node)
{
	if (!list_linked(node))
		return;
	node->next->prev = node->prev;
	node->prev->next = node->next;
	node->next = node->prev = NULL;
}

/** First node, unlinked, or NULL. */
static inline struct list *list_pop(struct list *head)
{
	struct list *node = head->next;

	if (node == head)
		return NULL;
	list_del(node);
	return node;
}

/** Move every node of @from, in order, behind those of @head. */
static inline void list_append(struct list *head, struct list *from)
{
	if (list_empty(from))
		return;
	from->next->prev = head->prev;
	head->prev->next = from->next;
	from->prev->next = head;
	head->prev = from->prev;
	list_init(from);
}

#define list_for_each(head, it) \
	for (struct list *it = (head)->next; it != (head); it = it->next)

#endif
