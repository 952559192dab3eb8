#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "dmf/gram_rules/solvers.h"
#include "engine/core/errors.h"

namespace dmf {
namespace {

using doctest::Approx;

double uniform(std::mt19937_64& generator) {
  return static_cast<double>(generator() >> 11) * 0x1p-52 - 1.0;
}

/// Products of random vectors of `size` numbers, of lengths over several decades.
Gram random_gram(std::size_t K, std::size_t size, std::mt19937_64& generator) {
  std::vector<Weights> rows(K, Weights(size));
  for (Weights& row : rows) {
    const double length = std::pow(10.0, 2.0 * uniform(generator));
    for (double& x : row) x = length * uniform(generator);
  }
  Gram gram(K);
  for (std::size_t i = 0; i < K; ++i) {
    for (std::size_t j = 0; j < K; ++j) gram(i, j) = dot(rows[i], rows[j]);
  }
  return gram;
}

}  // namespace

TEST_CASE("gram solvers: eigenvectors make up the matrix; the pseudo-inverse is one") {
  std::mt19937_64 generator(1);
  for (int round = 0; round < 20; ++round) {
    const Gram gram = random_gram(4, round % 2 == 0 ? 6 : 2, generator);  // full rank, or 2
    const Spectrum s = spectrum(gram);
    for (std::size_t i = 0; i < 4; ++i) {
      for (std::size_t j = 0; j < 4; ++j) {
        double sum = 0.0;
        for (std::size_t k = 0; k < 4; ++k) sum += s.values[k] * s.vectors[k][i] * s.vectors[k][j];
        CHECK(std::abs(sum - gram(i, j)) < 1e-12 * trace(gram));
      }
    }
    // G G^+ G = G, column by column
    for (std::size_t j = 0; j < 4; ++j) {
      Weights column(4);
      for (std::size_t i = 0; i < 4; ++i) column[i] = gram(i, j);
      const Weights back = times(gram, pseudo_inverse_times(gram, column));
      for (std::size_t i = 0; i < 4; ++i) CHECK(std::abs(back[i] - column[i]) < 1e-9 * trace(gram));
    }
  }
}

TEST_CASE("gram solvers: a minimum above bounds meets the conditions of one") {
  std::mt19937_64 generator(2);
  for (int round = 0; round < 300; ++round) {
    const std::size_t K = 1 + static_cast<std::size_t>(round) % 7;
    Gram hessian = random_gram(K, 3, generator);  // singular from K = 4 on, but for what is added
    hessian = scaled(hessian, 1.0 / trace(hessian));
    for (std::size_t k = 0; k < K; ++k) hessian(k, k) += 1e-4;
    Weights lower(K);
    for (double& bound : lower) bound = uniform(generator);
    const Weights v = minimum_above(hessian, lower), slope = times(hessian, v);
    for (std::size_t k = 0; k < K; ++k) {
      CHECK(v[k] >= lower[k]);
      CHECK(slope[k] >= -1e-12);
      if (v[k] > lower[k]) CHECK(std::abs(slope[k]) < 1e-12);
    }
  }
}

TEST_CASE("gram solvers: the shortest in the hull, of dependent gradients too") {
  std::mt19937_64 generator(3);
  for (int round = 0; round < 300; ++round) {
    const std::size_t K = 1 + static_cast<std::size_t>(round) % 7;
    const Gram gram = random_gram(K, 3, generator);
    const Weights w = shortest_in_hull(gram), slope = times(gram, w);
    const double squared = squared_length(gram, w);
    double sum = 0.0;
    for (std::size_t k = 0; k < K; ++k) {
      CHECK(w[k] >= 0.0);
      sum += w[k];
      CHECK(slope[k] >= squared - 1e-10 * gram.norm(k) * std::sqrt(trace(gram)));
    }
    CHECK(sum == Approx(1.0).epsilon(1e-13));
  }
  Gram two_zeros(3);
  two_zeros(1, 1) = 1.0;
  CHECK(shortest_in_hull(two_zeros) == Weights{0.5, 0.0, 0.5});
}

TEST_CASE("gram solvers: the balance of powers, for lengths over many decades") {
  std::mt19937_64 generator(4);
  int solved = 0;
  for (int round = 0; round < 300; ++round) {
    const std::size_t K = 1 + static_cast<std::size_t>(round) % 6;
    const Gram gram = random_gram(K, 4, generator);
    for (const double power : {0.25, 0.5, 1.0, 2.0}) {
      const Weights x = solve_power(gram, power), left = times(gram, x);
      if (x[0] == 0.0) {
        CHECK(oppose(gram));
        continue;
      }
      ++solved;
      for (std::size_t k = 0; k < K; ++k) {
        CHECK(x[k] > 0.0);
        CHECK(left[k] * std::pow(x[k], power) == Approx(1.0).epsilon(1e-9));
      }
    }
  }
  CHECK(solved > 600);
}

TEST_CASE("gram solvers: gradients that oppose each other") {
  Gram gram(3);
  for (std::size_t k = 0; k < 3; ++k) gram(k, k) = std::pow(10.0, static_cast<double>(k));
  CHECK_FALSE(oppose(gram));
  gram(0, 2) = gram(2, 0) = -10.0;  // cosine -1
  CHECK(oppose(gram));
  gram(0, 2) = gram(2, 0) = -9.99;
  CHECK_FALSE(oppose(gram));
  CHECK_FALSE(oppose(Gram(2)));  // there are none
}

}  // namespace dmf
