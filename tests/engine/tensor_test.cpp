#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <vector>

#include "engine/core/check.h"
#include "engine/core/device.h"
#include "engine/core/parallel.h"
#include "engine/core/rng.h"
#include "engine/tensor/allocator.h"
#include "engine/tensor/eigen.h"
#include "engine/tensor/tensor.h"
#include "engine/tensor/workspace.h"

namespace dmf {

using doctest::Contains;

TEST_CASE("shape: prints, counts, indexes from both ends and refuses what cannot be") {
  const Shape shape{8, 128, 128, 3};
  CHECK(shape.str() == "[8, 128, 128, 3]");
  CHECK(shape.numel() == 8 * 128 * 128 * 3);
  CHECK(shape[-1] == 3);
  CHECK(shape.with(-1, 5) == Shape{8, 128, 128, 5});
  CHECK(Shape{}.numel() == 1);
  CHECK_FALSE(Shape{2, 3} == Shape{3, 2});
  CHECK_THROWS_WITH_AS((Shape{2, -1}), Contains("negative dimension in [2, -1]"), ShapeError);
  CHECK_THROWS_WITH_AS((Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}), Contains("rank 9"), ShapeError);
  const Index huge = Index{1} << 40;
  CHECK_THROWS_WITH_AS((Shape{huge, huge}), Contains("64 bits"), ShapeError);
}

TEST_CASE("tensor: handles share, clones do not, and memory is aligned") {
  const auto a = Tensor<float>::full(Shape{2, 3}, 1.5f);
  const Tensor<float> same = a, copy = a.clone();
  same.fill(2.0f);
  CHECK(a.data()[5] == 2.0f);
  CHECK(copy.data()[5] == 1.5f);
  CHECK(reinterpret_cast<std::uintptr_t>(a.data()) % kAlignment == 0);
  CHECK(a.reshape(Shape{6}).data() == a.data());
  CHECK_FALSE(a.unique());
  CHECK(copy.unique());
  CHECK_THROWS_WITH_AS(a.reshape(Shape{4}), Contains("[2, 3] cannot become [4]"), ShapeError);
  CHECK_THROWS_WITH_AS(a.item(), Contains("expected one element, got shape [2, 3]"), ShapeError);
  CHECK_THROWS_WITH_AS(a.copy_from(Tensor<float>(Shape{6})), Contains("got [6]"), ShapeError);
  const std::vector<float> three = {1, 2, 3};
  CHECK_THROWS_WITH_AS(Tensor<float>::from(three, Shape{2}), Contains("3 values do not fill"),
                       ShapeError);
  CHECK_FALSE(Tensor<float>().defined());
}

TEST_CASE("allocator: memory given back is handed out again, joined, and counted") {
  const Device cpu = Device::cpu();
  const std::size_t before = memory_stats(cpu).in_use;
  reset_memory_peak(cpu);
  void* first = allocate(cpu, 1000000);
  void* second = allocate(cpu, 1000000);
  CHECK(memory_stats(cpu).in_use >= before + 2000000);
  CHECK(memory_stats(cpu).reserved >= memory_stats(cpu).in_use);
  const std::size_t reserved = memory_stats(cpu).reserved;
  deallocate(cpu, first);
  deallocate(cpu, second);
  void* both = allocate(cpu, 1900000);
  CHECK(memory_stats(cpu).reserved == reserved);  // neighbours were joined
  void* small = allocate(cpu, 16);                // must not take a megabyte
  CHECK(memory_stats(cpu).in_use < before + 1901000);
  CHECK(memory_stats(cpu).peak >= before + 2000000);
  CHECK(memory_stats(cpu).peak < before + 2001000);
  deallocate(cpu, small);
  deallocate(cpu, both);
  CHECK(memory_stats(cpu).in_use == before);
  CHECK_THROWS_WITH_AS(allocate(cpu, std::size_t{1} << 60), Contains("[memory] out of memory"),
                       DeviceError);
  CHECK_THROWS_WITH_AS(allocate(cpu, ~std::size_t{0}), Contains("[memory] out of memory"),
                       DeviceError);
  CHECK(memory_stats(cpu).in_use == before);
}

TEST_CASE("allocator: random requests never overlap, and all memory comes back") {
  const Device cpu = Device::cpu();
  release_cached_memory(cpu);
  const MemoryStats before = memory_stats(cpu);
  Rng rng(9);
  struct Held {
    unsigned char* at;
    std::size_t size;
    unsigned char mark;
  };
  std::vector<Held> held;
  const auto intact = [](const Held& h) {
    return std::all_of(h.at, h.at + h.size, [&h](unsigned char c) { return c == h.mark; });
  };
  for (int i = 0; i < 2000; ++i) {
    if (held.size() > 20 || (!held.empty() && rng.coin())) {
      const auto k = static_cast<std::size_t>(rng.below(held.size()));
      CHECK(intact(held[k]));
      deallocate(cpu, held[k].at);
      held.erase(held.begin() + static_cast<std::ptrdiff_t>(k));
    } else {
      const auto size = static_cast<std::size_t>(rng.below(1 << rng.below(18)));
      Held h{static_cast<unsigned char*>(allocate(cpu, size)), size, static_cast<unsigned char>(i)};
      CHECK(reinterpret_cast<std::uintptr_t>(h.at) % kAlignment == 0);
      std::fill_n(h.at, h.size, h.mark);
      held.push_back(h);
    }
  }
  for (const Held& h : held) {
    CHECK(intact(h));
    deallocate(cpu, h.at);
  }
  CHECK(memory_stats(cpu).in_use == before.in_use);
  release_cached_memory(cpu);
  CHECK(memory_stats(cpu).reserved <= before.reserved);
}

TEST_CASE("eigen: tensors and views are arrays and matrices of the same elements") {
  const auto x = Tensor<float>::from(std::array{1.f, 2.f, 3.f, 4.f, 5.f, 6.f}, Shape{1, 1, 3, 2});
  CHECK(array(x).sum() == 21.f);
  CHECK(matrix(x, 3, 2)(2, 0) == 5.f);  // row by row
  CHECK(pixels(x.cview()).colwise().sum()(1) == 12.f);
  matrix(x, 2, 3).row(1).setZero();
  CHECK(x.data()[3] == 0.f);
  CHECK(array(Tensor<float>()).size() == 0);
  CHECK_THROWS_WITH_AS(
      matrix(x, 2, 4),
      Contains("[eigen] [1, 1, 3, 2] is no 2 x 4 matrix: got 6 elements, expected 8."), ShapeError);
  CHECK_THROWS_WITH_AS(matrix(x, -2, -3), Contains("is no -2 x -3 matrix"), ShapeError);
  bfloat16 half(1.0f);
  const View<float> halves(&half, x.shape());
  CHECK_THROWS_WITH_AS(array(halves), Contains("[eigen] [1, 1, 3, 2] is stored as bfloat16: "),
                       ValueError);
  CHECK_THROWS_WITH_AS(pixels(halves), Contains("expected full storage"), ValueError);
}

TEST_CASE("device: parses names, and says how to get a CUDA device where the build has none") {
  CHECK(Device::parse("cpu") == Device::cpu());
  CHECK(Device::cpu().str() == "cpu");
  CHECK(Device::parse("reference") == Device::reference());
  CHECK(Device::reference().str() == "reference");
  CHECK(Device::reference().is_cpu());
  CHECK(!(Device::reference() == Device::cpu()));
#if !DMF_WITH_CUDA
  CHECK_THROWS_WITH_AS(Device::parse("cuda"),
                       Contains("only the CPU backend. Build with CUDA (cmake --preset cuda)"),
                       DeviceError);
#endif
  CHECK_THROWS_WITH_AS(Device::parse("tpu"), Contains("unknown device: got 'tpu'"), ValueError);
}

TEST_CASE("rng: Philox gives the published vectors") {
  // Random123's kat_vectors, philox4x32 with 10 rounds.
  CHECK(philox4x32({0, 0, 0, 0}, {0, 0}) ==
        std::array<std::uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
        std::array<std::uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        std::array<std::uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("rng: streams differ, repeat, and have the moments they should") {
  Rng a(1, 2), b(1, 2), c(1, 3);
  CHECK(a.next() == b.next());
  CHECK(a.next() != c.next());
  double sum = 0.0, squares = 0.0;
  Rng normal(5);
  for (int i = 0; i < 20000; ++i) {
    const double x = normal.normal();
    sum += x;
    squares += x * x;
  }
  CHECK(std::abs(sum / 20000) < 0.03);
  CHECK(std::abs(squares / 20000 - 1.0) < 0.05);
  std::set<std::uint64_t> seen;
  Rng small(6);
  for (int i = 0; i < 1000; ++i) {
    const double u = small.uniform();
    REQUIRE((u >= 0.0 && u < 1.0));
    seen.insert(small.below(7));
  }
  CHECK(seen.size() == 7);
  CHECK(*seen.rbegin() == 6);
  std::vector<int> items = {1, 2, 3, 4, 5};
  small.shuffle(items);
  CHECK(std::set<int>(items.begin(), items.end()).size() == 5);
}

TEST_CASE("parallel: a body that throws is heard of by its index, the first one first") {
  const int before = num_threads();
  for (const int threads : {1, 4}) {
    set_num_threads(threads);
    const auto errors = parallel_try(100, [](Index i) {
      if (i % 30 == 20) throw ValueError(std::to_string(i));
    });
    REQUIRE(errors.size() == 100);
    for (std::size_t i = 0; i < errors.size(); ++i) CHECK((errors[i] != nullptr) == (i % 30 == 20));
    CHECK_THROWS_WITH_AS(rethrow_first(errors), "20", ValueError);
  }
  set_num_threads(before);
  CHECK_NOTHROW(rethrow_first(parallel_try(3, [](Index) {})));
  CHECK(parallel_try(0, [](Index) {}).empty());
}

TEST_CASE("parallel: every index is visited once, by a thread in range, for any thread count") {
  const int before = num_threads();
  for (const int threads : {1, 2, 4}) {
    set_num_threads(threads);
    std::vector<int> visits(1000), thread_of(1000);
    parallel_for(1000, [&](Index i, int thread) {
      ++visits[static_cast<std::size_t>(i)];
      thread_of[static_cast<std::size_t>(i)] = thread;
    });
    CHECK(visits == std::vector<int>(1000, 1));
    CHECK(*std::max_element(thread_of.begin(), thread_of.end()) < threads);
    Index total = 0;
    set_num_threads(1);
    parallel_chunks(10, 4, [&](Index begin, Index end) { total += end - begin; });
    CHECK(total == 10);
  }
  set_num_threads(before);
  CHECK_THROWS_WITH_AS(set_num_threads(-1), Contains("[threads] got -1"), ValueError);
  parallel_for(0, [](Index) { FAIL("there is nothing to visit"); });
}

}  // namespace dmf
