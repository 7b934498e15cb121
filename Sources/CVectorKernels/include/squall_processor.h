// Room: CVectorKernels. Small things only the processor or the C library can do or tell.
#ifndef SQUALL_PROCESSOR_H
#define SQUALL_PROCESSOR_H

#include <stddef.h>
#include <stdlib.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

/// Lets blocks of so many bytes and more go back to the system whenever they are freed. The
/// allocator otherwise learns to take them from its heap, whose gaps stay with the process.
static inline void squall_return_blocks(size_t bytes) {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, (int)bytes);
#else
  (void)bytes;
#endif
}

/// Gives what is free at the end of the allocator's heap, and whole free pages in it, to the system.
static inline void squall_return_free_pages(void) {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

/// Tells the core that this thread is spinning, so that it saves power and yields to its sibling.
static inline void squall_spin_hint(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  __asm__ volatile("yield");
#endif
}

#endif
