/* SPDX-License-Identifier: MIT */
/* Placeholders of templates (Jinja, Go, Helm, ERB, envsubst) left in a configuration file. Pure. */
#ifndef AGENT_CONFIG_TEMPLATE_H
#define AGENT_CONFIG_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

/* A hint for an error in such a text or line, to be appended to its message; "" without one. Not an
 * error by itself: commands and expected bodies may contain braces. */
const char *config_template_hint(const char *text, size_t len);

#endif
