use hardline::check::embedded;
use hardline::platform::redis::{directive, schema};
use hardline::schema::Root;
static REDIS: Root = Root { name: "redis", fields: &[schema::DERIVED, directive::FIELDS] };
#[test]
fn x() {
    for e in embedded::all() {
        if e.platform() != "redis" {
            continue;
        }
        match e.load(&[&REDIS]) {
            Ok(l) => {
                let p = e.check(&[&REDIS]).unwrap();
                println!("{} {}", e.id, format!("{p:?}") == format!("{:?}", l.check));
            }
            Err(ps) => {
                for p in ps {
                    println!(
                        "{} {:?} {} [{}]",
                        e.id,
                        p.span,
                        p.message,
                        e.text[p.span.clone()].lines().next().unwrap_or("")
                    );
                }
            }
        }
    }
}
