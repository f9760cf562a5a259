/* SPDX-License-Identifier: MIT */
/* A client of the agent's API over one TCP connection that is kept open. */
#ifndef BENCH_HTTP_H
#define BENCH_HTTP_H

#include <stdint.h>

/* Connects to 127.0.0.1; tries again for 5 s while the port is closed. Returns the descriptor. */
int http_connect(uint16_t port);
/* Sends a GET of `target`, without waiting for the answer. */
void http_send(int fd, const char *target);
/* The same by another method, with a body. */
void http_send_as(int fd, const char *method, const char *target, const char *body);
/* Reads the answer, which is to be 200. */
void http_receive(int fd);

#endif
