// Room: CVectorKernels. Small things only the processor can do or tell.
#ifndef SQUALL_PROCESSOR_H
#define SQUALL_PROCESSOR_H

/// Tells the core that this thread is spinning, so that it saves power and yields to its sibling.
static inline void squall_spin_hint(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  __asm__ volatile("yield");
#endif
}

#endif
