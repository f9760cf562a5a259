/* SPDX-License-Identifier: MIT */
/* The number of elements of an array; a pointer is refused by the compiler. */
#ifndef LIB_ARRAY_H
#define LIB_ARRAY_H

#define ARRAY_SIZE(array)                                                                          \
	(sizeof(array) / sizeof((array)[0]) +                                                      \
	 0 * sizeof(struct {                                                                       \
		 _Static_assert(!__builtin_types_compatible_p(__typeof__(array),                   \
							      __typeof__(&(array)[0])),            \
				"not an array");                                                   \
		 int unused;                                                                       \
	 }))

#endif
