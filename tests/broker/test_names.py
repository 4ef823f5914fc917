from broker.names import Names


def test_the_prefix_goes_before_every_name() -> None:
    names = Names("test-")
    assert names.dead_letters == "test-slot-created.dead"
    assert names.worker_group == "test-creneau-worker"
    assert names.worker_transactional_id("host-0") == "test-creneau-worker-host-0"
