"""Generators: seeds, states and streams."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from reference_impl import random
from reference_impl.ops import samplers
from reference_impl.random import Generator
from reference_impl.tensor import wrap

F32 = np.dtype(np.float32)


def test_the_stream_of_seed_0_is_pytorchs():
    drawn = samplers.uniform(Generator().manual_seed(0), 3, F32)
    assert drawn.tolist() == [0.49625658988952637, 0.7682217955589294, 0.08847743272781372]
    drawn = samplers.normal(Generator().manual_seed(0), 3, F32)
    assert drawn.tolist() == [1.5409960746765137, -0.293428897857666, -2.1787893772125244]
    assert samplers.permutation(Generator().manual_seed(0), 5).tolist() == [4, 0, 1, 3, 2]


def test_a_seed_restarts_the_stream():
    generator = Generator().manual_seed(3)
    first = samplers.normal(generator, 3, F32)  # leaves half a pair waiting
    generator.manual_seed(3)
    assert samplers.normal(generator, 3, F32).tolist() == first.tolist()
    assert generator.initial_seed() == 3


def test_words_do_not_depend_on_how_they_are_asked_for():
    whole = Generator().manual_seed(1).words(3000).copy()
    generator = Generator().manual_seed(1)
    pieces = [generator.words(n).copy() for n in (1, 0, 622, 2, 1, 700, 1300, 374)]
    assert np.concatenate(pieces).tolist() == whole.tolist()


def test_one_number_at_a_time_is_the_same_stream():
    ours, many = Generator().manual_seed(1), Generator().manual_seed(1).uniform_53(700)
    assert [ours.uniform() for _ in range(700)] == many.tolist()


@pytest.mark.parametrize(
    ("seed", "kept"), [(-1, 2**64 - 1), (2**64 - 1, 2**64 - 1), (-(2**63), 2**63)]
)
def test_negative_seeds_wrap(seed, kept):
    assert Generator().manual_seed(seed).initial_seed() == kept


def test_seeds_that_are_refused():
    with pytest.raises(ValueError, match="Overflow when unpacking long long"):
        Generator().manual_seed(2**64)
    with pytest.raises(RuntimeError, match="manual_seed expected a long, but got float"):
        Generator().manual_seed(1.5)


def test_a_state_can_be_put_back_anywhere_in_the_stream():
    generator = Generator().manual_seed(5)
    for n in (0, 1, 623, 3):
        generator.words(n)
        state = generator.get_state()
        expected = samplers.normal(generator, 21, F32).tolist()
        assert samplers.normal(generator.set_state(state), 21, F32).tolist() == expected
        assert samplers.normal(Generator().set_state(state), 21, F32).tolist() == expected


def test_a_clone_goes_its_own_way():
    generator = Generator().manual_seed(5)
    clone = generator.clone_state()
    assert clone.words(5).tolist() == generator.words(5).tolist()


def test_a_generator_survives_pickle():
    generator = Generator().manual_seed(5)
    generator.words(10)
    assert pickle.loads(pickle.dumps(generator)).words(3).tolist() == generator.words(3).tolist()


def test_the_state_is_5056_bytes():
    state = Generator().get_state()
    assert str(state.dtype) == "torch.uint8"
    assert state.shape == (5056,)


@pytest.mark.parametrize(
    ("state", "error", "sentence"),
    [
        ([1], TypeError, "expected a torch.ByteTensor, but got list"),
        (wrap(np.zeros(5056)), TypeError, "RNG state must be a torch.ByteTensor"),
        (
            wrap(np.zeros(10, np.uint8)),
            RuntimeError,
            "Expected a CPUGeneratorImplState of size 5056",
        ),
        (wrap(np.zeros(5056, np.uint8)), RuntimeError, "Invalid mt19937 state"),
    ],
)
def test_states_that_are_refused(state, error, sentence):
    with pytest.raises(error, match=sentence):
        Generator().set_state(state)


def test_the_default_generator_and_a_fork_of_it():
    random.manual_seed(7)
    first = random.default_generator.uniform()
    random.manual_seed(7)
    with random.fork_rng():
        random.default_generator.words(100)
    assert random.default_generator.uniform() == first
    assert random.initial_seed() == 7


def test_a_seed_from_entropy_is_reported():
    before = random.get_rng_state()
    assert random.seed() == random.initial_seed()
    random.set_rng_state(before)


def test_poisson_rates_must_not_be_negative():
    from reference_impl.ops import discrete

    with pytest.raises(RuntimeError, match="invalid Poisson rate"):
        discrete.poisson(Generator(), np.array([-1.0]))
