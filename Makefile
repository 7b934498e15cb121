# Squall's front desk. `make nowcast` and `make test` work on a fresh Debian machine with Swift.

# One configuration for building and testing, so that one build cache serves both: tests in release
# mode without testability are compiled with the very flags of the program.
build_flags = -c release
test_flags = -c release --disable-testable-imports

frames = $(wildcard SampleData/frames/*.nc)
sources = Package.swift Sources Tests Examples Fuzzing

.PHONY: nowcast test build setup format fuzz sanitize bench lint clean help

nowcast: build ## set up, build, and make a nowcast from the sample frames into out/
	@mkdir -p out
	@echo "squall nowcast SampleData/frames/*.nc -o out/nowcast.nc"
	@.build/release/squall nowcast $(frames) -o out/nowcast.nc

test: setup ## set up, build, and run the tests
	swift test $(test_flags)

build: setup ## set up and build the program and the library
	swift build $(build_flags)

setup: ## install the Debian packages that are missing
	@Scripts/setup.sh

format: ## rewrite the sources in the house style
	swift format --in-place --recursive --parallel $(sources)

seconds ?= 60

fuzz: setup ## give the ONNX reader, the planner and the grid reader hostile files (seconds=60 for each)
	Scripts/fuzz.sh $(seconds)

size ?= real

bench: build ## time us, ONNX Runtime and PyTorch on networks beside the checkout (size=small, real or full)
	Benchmarks/run.sh ../shared/networks $(size)

# Each in a folder of its own, so that plain builds stay as they are. OpenBLAS, netCDF and HDF5 are
# not instrumented: their memory at exit is no finding. Swift's Mutex waits on a futex that the thread
# sanitizer does not see; the suppressions name the locks whose contents it takes for races.
sanitize: setup ## run the tests under the address and the thread sanitizer
	ASAN_OPTIONS=detect_leaks=0 swift test $(test_flags) --sanitize address --scratch-path .build/asan
	TSAN_OPTIONS=suppressions=$(CURDIR)/Scripts/thread-sanitizer.txt \
	  swift test $(test_flags) --sanitize thread --scratch-path .build/tsan

lint: ## check the style; any finding fails
	swift format lint --strict --recursive --parallel $(sources)

clean: ## forget what was built and what was written
	rm -rf .build out Examples/.build

help: ## say what can be made
	@sed -nE 's/^([a-z]+):.*## (.*)/make \1	\2/p' $(MAKEFILE_LIST) | expand -t 16
