// Test support: what the sanitizers cannot stand.

internal import Foundation

/// The sanitizer that the tests were built with.
public enum Sanitizers {
  /// Whether it is the thread sanitizer: a limit on the size of files ends any program under it.
  public static let watchThreads = dlsym(nil, "__tsan_init") != nil
}
