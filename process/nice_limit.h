/* SPDX-License-Identifier: MIT */
/*
 * How nice a process may be to itself without CAP_SYS_NICE (RLIMIT_NICE): the process that runs BFD
 * must not wait for a busy host, and has no capabilities. Commands and programs are not to have it.
 */
#ifndef PROCESS_NICE_LIMIT_H
#define PROCESS_NICE_LIMIT_H

/* That a process with packets to send takes. */
#define NICE_URGENT (-15)

/* Once, at the start, while this process may still have CAP_SYS_RESOURCE. Without it, and without
 * LimitNICE= of the service manager, NICE_URGENT is refused, and the process runs as others do. */
void nice_limit_raise(void);
/* In a forked child that is to execute a program. */
void nice_limit_clear(void);

#endif
