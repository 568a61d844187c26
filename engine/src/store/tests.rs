//! What holds for every kind of store.

use bytes::Bytes;

use super::*;

/// Each store as its base address, with what keeps it alive.
fn stores() -> Vec<(Stores, String, Option<tempfile::TempDir>)> {
    let io = Io::new(2).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let disk = Stores::new(Settings::new(folder.path(), []), io.clone());
    let memory = Stores::new(Settings::new("/", []), io);
    vec![(disk, "lake".into(), Some(folder)), (memory, "memory://b/lake".into(), None)]
}

#[test]
fn what_is_put_is_listed_in_order_and_read() {
    for (stores, base, _alive) in stores() {
        let io = stores.io().clone();
        let base = stores.open(&base).unwrap();
        for name in ["b/x", "a b/ä+%3A=c", "b.d"] {
            io.block_on(base.join_path(name).unwrap().put(name.as_bytes().to_vec())).unwrap();
        }
        let listed = io.block_on(base.list()).unwrap();
        let names: Vec<_> = listed.iter().map(|e| e.location.relative_to(&base).unwrap()).collect();
        assert_eq!(names, ["a b/ä+%3A=c", "b.d", "b/x"]);
        for entry in &listed {
            let name = entry.location.relative_to(&base).unwrap();
            assert_eq!(entry.size, name.len() as u64);
            assert_eq!(io.block_on(entry.location.get()).unwrap(), name.as_bytes());
        }
        let ranges = io.block_on(listed[1].location.get_ranges(&[1..3, 0..1])).unwrap();
        assert_eq!(ranges, [Bytes::from(".d"), Bytes::from("b")]);
    }
}

#[test]
fn create_update_and_delete_keep_their_conditions() {
    for (stores, base, _alive) in stores() {
        let io = stores.io().clone();
        let at = stores.open(&base).unwrap().join("claim").unwrap();
        io.block_on(async {
            assert!(at.get_if_exists().await.unwrap().is_none());
            assert!(at.put_create("one").await.unwrap());
            assert!(at.put_create("one").await.unwrap(), "the same bytes are a repeated request");
            assert!(!at.put_create("two").await.unwrap());
            let (_, first) = at.get_if_exists().await.unwrap().unwrap();
            assert!(at.put_update(&first, "second").await.unwrap());
            assert!(!at.put_update(&first, "third").await.unwrap());
            assert!(!at.delete_if(&first).await.unwrap());
            let (bytes, second) = at.get_if_exists().await.unwrap().unwrap();
            assert_eq!(bytes, "second");
            assert!(at.delete_if(&second).await.unwrap());
            at.delete().await.unwrap();
            assert!(!at.put_update(&second, "fourth").await.unwrap());
            assert!(at.head().await.unwrap().is_none());
        });
    }
}

#[test]
fn of_many_who_update_at_once_one_wins() {
    for (stores, base, _alive) in stores() {
        let io = stores.io().clone();
        let at = stores.open(&base).unwrap().join("claim").unwrap();
        let winners = io.block_on(async {
            at.put_create("0").await.unwrap();
            let (_, seen) = at.get_if_exists().await.unwrap().unwrap();
            let tasks: Vec<_> = (1..=32)
                .map(|n| {
                    let (at, seen) = (at.clone(), seen.clone());
                    io.spawn(async move { at.put_update(&seen, n.to_string()).await.unwrap() })
                })
                .collect();
            let mut winners = 0;
            for task in tasks {
                winners += usize::from(task.await.unwrap());
            }
            winners
        });
        assert_eq!(winners, 1);
    }
}

#[test]
fn names_cannot_leave_the_folder() {
    for (stores, base, _alive) in stores() {
        let base = stores.open(&base).unwrap();
        for name in ["", ".", "..", "a/b", "/", "a\0b", "\n"] {
            assert!(base.join(name).is_err(), "{name:?}");
        }
        for name in ["../x", "/x", "a//b", "a/../b", "x/"] {
            assert!(base.join_path(name).is_err(), "{name:?}");
        }
        let nasty = base.join(&partition_folder("a/..", Some("../../\0"))).unwrap();
        assert_eq!(nasty.parent().unwrap(), base);
    }
}

#[test]
fn addresses_mean_a_file_a_folder_or_a_pattern() {
    for (stores, base, _alive) in stores() {
        let io = stores.io().clone();
        let root = stores.open(&base).unwrap();
        io.block_on(async {
            for name in ["d=1/x.parquet", "d=2/y.parquet", "d=2/z.csv", "_SUCCESS", "d=1/.tmp"] {
                root.join_path(name).unwrap().put("x").await.unwrap();
            }
            for (address, expected) in [
                ("", &["d=1/x.parquet", "d=2/y.parquet", "d=2/z.csv"][..]),
                ("/d=1/x.parquet", &["x.parquet"]),
                ("/d=*/*.parquet", &["d=1/x.parquet", "d=2/y.parquet"]),
                ("/d={2,3}", &["d=2/y.parquet", "d=2/z.csv"]),
                ("/nothing/", &[]),
            ] {
                let (folder, found) = stores.find(&format!("{base}{address}")).await.unwrap();
                let names: Vec<_> = found.iter().map(|e| e.location.relative_to(&folder).unwrap()).collect();
                assert_eq!(names, expected, "{address}");
            }
        });
    }
}

#[test]
fn an_upload_is_seen_only_once_published_and_both_ends_can_be_repeated() {
    for (stores, base, _alive) in stores() {
        let io = stores.io().clone();
        let dataset = Dataset::new(stores.open(&base).unwrap().join("orders").unwrap()).unwrap();
        let staging = Staging::with_parts("run", &io, None, 5 << 20, 2);
        let content: Vec<u8> = (0..13u32 << 18).flat_map(u32::to_le_bytes).collect();
        let mut upload = staging.upload(&dataset, "d=1/big.parquet").unwrap();
        for chunk in content.chunks(700_001) {
            upload.write(Bytes::copy_from_slice(chunk)).unwrap();
        }
        let big = upload.finish().unwrap().wait().unwrap();
        let empty = staging.upload(&dataset, "d=1/empty.parquet").unwrap().finish().unwrap().wait().unwrap();
        let mut dropped = staging.upload(&dataset, "dropped").unwrap();
        dropped.write(Bytes::from(vec![0; 6 << 20])).unwrap();
        drop(dropped);
        io.block_on(async {
            assert!(dataset.folder().list().await.unwrap().is_empty());
            let text = serde_json::to_string(&big).unwrap();
            let big: Staged = serde_json::from_str(&text).unwrap();
            big.publish(&dataset).await.unwrap();
            big.publish(&dataset).await.unwrap();
            big.discard(&dataset).await.unwrap();
            empty.discard(&dataset).await.unwrap();
            empty.discard(&dataset).await.unwrap();
            dataset.sync(["d=1/big.parquet"]).await.unwrap();
            assert!(empty.publish(&dataset).await.is_err());
            staging.discard().await.unwrap();
            let listed = dataset.folder().parent().unwrap().list().await.unwrap();
            assert_eq!(listed.len(), 1, "{listed:?}");
            assert_eq!(listed[0].location.get().await.unwrap(), content);
        });
    }
}

#[test]
fn the_root_and_the_state_folder_are_no_dataset() {
    let stores = Stores::new(Settings::new("/", []), Io::new(1).unwrap());
    for uri in ["/", "memory://b/", "s3://bucket", "/lake/_lockgate"] {
        let settings = [("AWS_ACCESS_KEY_ID", "k"), ("AWS_SECRET_ACCESS_KEY", "s")];
        let stores = Stores::new(
            Settings::new("/", settings.map(|(k, v)| (k.to_owned(), v.to_owned()))),
            stores.io().clone(),
        );
        assert!(Dataset::new(stores.open(uri).unwrap()).is_err(), "{uri}");
    }
}

#[test]
fn a_store_that_is_not_there_is_unavailable_and_names_no_secret() {
    let variables = [
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "hunter2-secret"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("AWS_ALLOW_HTTP", "true"),
    ];
    let mut settings = Settings::new("/", variables.map(|(k, v)| (k.to_owned(), v.to_owned())));
    settings.retry.attempts = 0;
    let stores = Stores::new(settings, Io::new(1).unwrap());
    let error = stores.io().block_on(stores.open("s3://b/x").unwrap().get()).unwrap_err();
    assert_eq!(error.kind(), crate::error::Kind::Unavailable);
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
}
