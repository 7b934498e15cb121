// Room: GridFiles. For a program's command line: ends the process in an orderly way when HDF5 itself
// crashes on a damaged file, or goes round in circles.

import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Turns a crash or an endless loop of the C libraries on a damaged file into one line and an exit
/// status.
///
/// HDF5 trusts the addresses inside a file: one whose length is right but whose middle is damaged (a
/// download with holes, a bad disk) can make it read through wild pointers or follow a ring. Nothing can be saved
/// then but the manners: say which file it is, remove unfinished outputs, exit with 65. Only for
/// programs that own their process; a library must not install it for its host.
public enum DamagedFileGuard {
  /// What the handler reads; it may not allocate, lock or ask the Swift runtime for anything.
  struct State {
    var thread = pthread_self()
    var isArmed: Int32 = 0
    var message: UnsafeMutablePointer<UInt8>
    var messageLength = 0
    var unfinished: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    var stack: UnsafeMutableRawPointer

    /// Says what is wrong, removes unfinished outputs and ends the process.
    func giveUp() -> Never {
      _ = write(2, message, messageLength)
      for index in 0..<64 {
        if let path = unfinished[index] { unlink(path) }
      }
      _exit(65)
    }
  }

  /// Seconds of processor time after which a call must be going round in circles: what describes a
  /// file takes milliseconds, while gigabytes of values may honestly take a minute.
  enum Patience: Int {
    case description = 10
    case values = 600
  }

  static let messageCapacity = 8192
  static let unfinishedCapacity = 64
  static let stackSize = 1 << 16

  /// Starts to watch reads; `prefix` begins the line, such as `squall: `. Call it once, early.
  public static func install(prefix: StaticString) {
    guard guardState == nil else { return }
    let state = UnsafeMutablePointer<State>.allocate(capacity: 1)
    let message = UnsafeMutablePointer<UInt8>.allocate(capacity: messageCapacity)
    let unfinished = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
      .allocate(capacity: unfinishedCapacity)
    unfinished.initialize(repeating: nil, count: unfinishedCapacity)
    let stack = UnsafeMutableRawPointer.allocate(byteCount: stackSize, alignment: 64)
    state.initialize(to: State(message: message, unfinished: unfinished, stack: stack))
    guardPrefix = prefix
    guardState = state
    var action = sigaction()
    #if canImport(Glibc)
      action.__sigaction_handler.sa_handler = handleCrash
    #else
      action.__sigaction_u.__sa_handler = handleCrash
    #endif
    action.sa_flags = Int32(truncatingIfNeeded: SA_ONSTACK)
    for number in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT] { sigaction(number, &action, nil) }
    #if canImport(Glibc)
      var thread = pthread_t()
      pthread_create(&thread, nil, { _ in watchForCircles() }, nil)
    #endif
  }

  /// Runs `call`, which reads `path`, under watch where the guard is installed.
  static func watch(
    _ path: String, _ patience: Patience = .description, _ call: () -> Int32
  ) -> Int32 {
    guard let state = guardState else { return call() }
    state.pointee.messageLength = 0
    guardPrefix.withUTF8Buffer { append($0, to: state) }
    var path = path
    path.withUTF8 { append($0, to: state) }
    let rest: StaticString =
      ": is damaged in a way that HDF5 cannot survive; fetch or write it again\n"
    rest.withUTF8Buffer { append($0, to: state) }
    state.pointee.thread = pthread_self()
    // Endless recursion is one of the ways to crash, so the handler needs a stack of its own.
    var previous = stack_t()
    var own = stack_t()
    own.ss_sp = state.pointee.stack
    own.ss_size = stackSize
    sigaltstack(&own, &previous)
    state.pointee.isArmed = 1
    callNumber.add(1, ordering: .relaxed)
    callPatience.store(patience.rawValue, ordering: .releasing)
    let status = call()
    callPatience.store(0, ordering: .releasing)
    state.pointee.isArmed = 0
    sigaltstack(&previous, nil)
    return status
  }

  private static func append(
    _ text: UnsafeBufferPointer<UInt8>, to state: UnsafeMutablePointer<State>
  ) {
    let length = state.pointee.messageLength
    let count = min(text.count, messageCapacity - length)
    guard count > 0, let base = text.baseAddress else { return }
    (state.pointee.message + length).update(from: base, count: count)
    state.pointee.messageLength = length + count
  }

  /// Tells the handler of an unfinished output to remove.
  static func remember(_ path: String) {
    guard let slots = guardState?.pointee.unfinished else { return }
    for index in 0..<unfinishedCapacity where slots[index] == nil {
      slots[index] = strdup(path)
      return
    }
  }

  static func forget(_ path: String) {
    guard let slots = guardState?.pointee.unfinished else { return }
    for index in 0..<unfinishedCapacity {
      guard let slot = slots[index], strcmp(slot, path) == 0 else { continue }
      slots[index] = nil
      free(slot)
    }
  }
}

// Plain globals with constant values need no lazy start, which the handler could not wait for. They
// are written once by `install`, and the state behind the pointer only behind the library's gate.
nonisolated(unsafe) private var guardState: UnsafeMutablePointer<DamagedFileGuard.State>?
nonisolated(unsafe) private var guardPrefix: StaticString = ""

private let callNumber = Atomic<Int>(0)
/// The patience with the call that runs now; 0 between calls.
private let callPatience = Atomic<Int>(0)

/// Ends the process if the crash is HDF5's; otherwise gives it back to the system.
private func handleCrash(_ number: Int32) {
  if let state = guardState, state.pointee.isArmed != 0,
    pthread_equal(state.pointee.thread, pthread_self()) != 0
  {
    state.pointee.giveUp()
  }
  signal(number, SIG_DFL)
  raise(number)
}

#if canImport(Glibc)
  /// Looks once a second how much processor time the current call has taken.
  private func watchForCircles() -> UnsafeMutableRawPointer? {
    var watched = -1
    var start = 0
    while true {
      sleep(1)
      let number = callNumber.load(ordering: .acquiring)
      let patience = callPatience.load(ordering: .acquiring)
      guard patience > 0, let state = guardState else { continue }
      var clock = clockid_t()
      var time = timespec()
      guard pthread_getcpuclockid(state.pointee.thread, &clock) == 0,
        clock_gettime(clock, &time) == 0
      else { continue }
      if number != watched {
        (watched, start) = (number, time.tv_sec)
      } else if time.tv_sec - start >= patience,
        callNumber.load(ordering: .acquiring) == number,
        callPatience.load(ordering: .acquiring) > 0
      {
        state.pointee.giveUp()
      }
    }
  }
#endif
