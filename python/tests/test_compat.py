"""Scripts for pynetmito run after changing the import."""

from __future__ import annotations

import inspect
from datetime import timedelta
from pathlib import Path

import pytest

from mitosis import MitoError, compat
from mitosis.compat import (  # type: ignore[attr-defined]
    AdminChangePasswordReq,
    ArtifactContentType,
    ArtifactsDeleteByUuidsReq,
    ArtifactsDownloadByFilterReq,
    ArtifactsDownloadByUuidsReq,
    AttachmentsDeleteByKeysReq,
    AttachmentsDownloadByFilterReq,
    AttachmentsQueryReq,
    ChangeGroupStorageQuotaReq,
    ChangeTaskReq,
    ChangeUserGroupQuota,
    CreateGroupReq,
    CreateUserReq,
    ErrorMsg,
    MitoHttpClient,
    PersistentMitoHttpClient,
    RemoteResource,
    RemoteResourceDownload,
    RemoveUserGroupRoleReq,
    ReplaceWorkerLabelsReq,
    SubmitTaskReq,
    TasksCancelByFilterReq,
    TasksCancelByUuidsReq,
    TaskSpec,
    TasksQueryReq,
    TasksSubmitReq,
    TaskState,
    UpdateTaskLabelsReq,
    UpdateUserGroupRoleReq,
    UploadAttachmentReq,
    UserChangePasswordReq,
    UserGroupRole,
    UserLoginArgs,
    WorkersQueryReq,
)
from mitosis.local import LocalStack

#: Every call of pynetmito 0.2.7.
CALLS = """
admin_cancel_worker_by_uuid admin_change_password admin_create_user admin_delete_user
admin_shutdown_coordinator admin_update_group_storage_quota admin_update_user_group_quota
batch_delete_artifacts_by_filter batch_delete_artifacts_by_list batch_delete_attachments_by_filter
batch_delete_attachments_by_list batch_download_artifacts_by_filter batch_download_artifacts_by_list
batch_download_attachments_by_filter batch_download_attachments_by_list batch_submit_tasks cancel_task_by_uuid
cancel_tasks_by_filter cancel_tasks_by_uuids cancel_worker_by_uuid change_task concurrent_download_files
connect delete_artifact delete_attachment download_artifact download_attachment download_file
get_artifact_download_resp get_attachment get_attachment_download_resp get_group_by_name
get_redis_connection_info get_task_by_uuid get_upload_artifact_resp get_upload_attachment_resp
get_user_groups_roles get_worker_by_uuid query_attachments_by_filter query_tasks_by_filter
query_workers_by_filter remove_group_worker_roles remove_user_group_roles replace_worker_labels
replace_worker_tags shutdown_workers_by_filter shutdown_workers_by_uuids update_group_worker_roles
update_task_labels update_user_group_roles upload_artifact upload_attachment upload_file user_auth
user_change_password user_create_group user_login user_submit_task
""".split()  # noqa: SIM905


@pytest.fixture
def client(stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> MitoHttpClient:
    monkeypatch.setenv("MITO_TOKEN", stack.transport.token or "")
    own = MitoHttpClient(stack.url)
    own.connect()
    return own


def test_every_call_is_there() -> None:
    found = {name for name, _ in inspect.getmembers(MitoHttpClient, callable)}
    assert set(CALLS) - found == set()


def test_the_example_of_its_readme(client: MitoHttpClient, tmp_path: Path) -> None:
    (tmp_path / "orig.txt").write_text("hello world")
    client.upload_attachment(tmp_path / "orig.txt", key="some-remote/log.txt")
    attachment = RemoteResourceDownload(
        remote_file=RemoteResource.attachment("some-remote/log.txt"), local_path=Path("test.txt")
    )
    spec = TaskSpec(
        args=["sh", "-c", 'cat "$MITO_RESOURCE_DIR/test.txt"'], resources=[attachment], terminal_output=True
    )
    request = SubmitTaskReq(group_name=client.username, task_spec=spec, timeout=timedelta(minutes=5), labels={"old"})
    answer = client.user_submit_task(request)
    client.mitosis.task(str(answer.uuid)).wait(120)
    found = client.get_task_by_uuid(answer.uuid)
    assert found.info.state == TaskState.FINISHED == "Finished"
    assert (found.info.result.exit_status, found.info.timeout, found.info.labels) == (0, 300, ["old"])
    client.download_artifact(answer.uuid, content_type=ArtifactContentType.STD_LOG, local_path=tmp_path / "log")
    assert (tmp_path / "log").stat().st_size > 0
    listed = client.batch_download_artifacts_by_filter(
        ArtifactsDownloadByFilterReq(labels={"old"}, content_type=ArtifactContentType.STD_LOG)
    )
    assert [each.uuid for each in listed.downloads] == [answer.uuid]
    client.concurrent_download_files([(each, tmp_path / "again") for each in listed.downloads], concurrent=2)
    assert (tmp_path / "again").read_bytes() == (tmp_path / "log").read_bytes()
    by_list = ArtifactsDownloadByUuidsReq(uuids=[answer.uuid], content_type="result")
    assert client.batch_download_artifacts_by_list(by_list).downloads == []
    gone = client.batch_delete_artifacts_by_list(
        ArtifactsDeleteByUuidsReq(uuids=[answer.uuid], content_type=ArtifactContentType.STD_LOG)
    )
    assert (gone.deleted_count, gone.failed_uuids) == (1, [])


def test_tasks_are_submitted_found_changed_and_cancelled(client: MitoHttpClient) -> None:
    good = SubmitTaskReq(group_name="idle", task_spec=TaskSpec(args=["true"]), labels={"batch"})
    bad = SubmitTaskReq(group_name="idle", task_spec=TaskSpec(args=[]))
    first, second, third = client.batch_submit_tasks(TasksSubmitReq(tasks=[good, bad, good])).results
    assert isinstance(second, ErrorMsg) and second.msg
    query = TasksQueryReq(group_name="idle", labels={"batch"}, states={TaskState.READY}, priority=">=0")
    assert client.query_tasks_by_filter(query).count == 2
    client.update_task_labels(first.uuid, UpdateTaskLabelsReq(labels={"batch", "new"}))
    client.change_task(first.uuid, ChangeTaskReq(priority=7, timeout=timedelta(seconds=90)))
    info = client.get_task_by_uuid(first.uuid).info
    assert (info.priority, info.timeout, sorted(info.labels)) == (7, 90, ["batch", "new"])
    cancelled = client.cancel_tasks_by_uuids(TasksCancelByUuidsReq(uuids=[first.uuid]))
    assert (cancelled.cancelled_count, cancelled.failed_uuids) == (1, [])
    assert (
        client.cancel_tasks_by_filter(TasksCancelByFilterReq(group_name="idle", labels={"batch"})).cancelled_count == 1
    )
    assert client.get_task_by_uuid(third.uuid).info.state == TaskState.CANCELLED


def test_attachments_by_a_part_of_their_key(client: MitoHttpClient, tmp_path: Path) -> None:
    own = client.username or ""
    (tmp_path / "file").write_text("text")
    ticket = client.get_upload_attachment_resp(own, UploadAttachmentReq(key="deep/one.txt", content_length=4))
    client.upload_file(ticket.url, 4, tmp_path / "file")
    found = client.query_attachments_by_filter(own, AttachmentsQueryReq(key="one"))
    assert [(each.key, each.size) for each in found.attachments] == [("deep/one.txt", 4)]
    listed = client.batch_download_attachments_by_filter(own, AttachmentsDownloadByFilterReq(key="one"))
    client.download_file(listed.downloads[0], tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == "text"
    assert client.get_attachment("deep/one.txt").size == 4
    gone = client.batch_delete_attachments_by_list(own, AttachmentsDeleteByKeysReq(keys=["deep/one.txt", "no"]))
    assert (gone.deleted_count, gone.failed_keys) == (1, ["no"])


def test_users_groups_and_workers(client: MitoHttpClient, stack: LocalStack) -> None:
    client.admin_create_user(CreateUserReq(username="carol", password="a password of carol"))
    client.user_create_group(CreateGroupReq(group_name="team"))
    client.update_user_group_roles("team", UpdateUserGroupRoleReq(relations={"carol": UserGroupRole.WRITE}))
    assert client.get_group_by_name("team").users_in_group["carol"] == "Write"
    assert client.get_user_groups_roles().groups["team"] == UserGroupRole.ADMIN
    quota = client.admin_update_group_storage_quota("team", ChangeGroupStorageQuotaReq(storage_quota="2GB"))
    assert quota.storage_quota == 2_000_000_000
    assert client.admin_update_user_group_quota("carol", ChangeUserGroupQuota(group_quota="+2")).group_quota > 2
    carol = PersistentMitoHttpClient(stack.url)
    assert carol.connect(user="carol", password="a password of carol") == "carol"
    carol.user_login(UserLoginArgs(username="carol", password="a password of carol").to_req())
    carol.user_change_password(
        "carol", UserChangePasswordReq(old_password="a password of carol", new_password="another one of carol")
    )
    assert carol.user_auth() == "carol"
    client.remove_user_group_roles("team", RemoveUserGroupRoleReq(users={"carol"}))
    with pytest.raises(MitoError, match="MD5"):
        client.admin_change_password("carol", AdminChangePasswordReq(new_md5_password=[1] * 16))
    client.admin_delete_user("carol")
    (worker,) = client.query_workers_by_filter(WorkersQueryReq()).workers
    client.replace_worker_labels(worker.worker_id, ReplaceWorkerLabelsReq(labels={"one"}))
    assert client.get_worker_by_uuid(worker.worker_id).info.labels == ["one"]
    assert client.get_redis_connection_info().url is None


def test_its_records_know_their_names() -> None:
    for name in compat.__all__:
        assert getattr(compat, name).__name__ in (name, "Record", "TaskQueryInfo", "UserGroupRole")
